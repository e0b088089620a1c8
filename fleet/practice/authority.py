"""
A timestamp authority for practice (RFC 3161), made with the `openssl` command.

It has a root and a certificate of its own that nobody else trusts, and a clock that is this
machine's: it shows how timestamps work and proves nothing to anybody.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from fleet.errors import FleetError

CONFIG = """
[req]
distinguished_name = dn
prompt = no
[dn]
C = FR
O = Préfectures d’entraînement
CN = {name}
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
[tsa]
default_tsa = own
[own]
serial = {folder}/serial
signer_cert = {folder}/authority.pem
signer_key = {folder}/authority.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.57264.2
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class PracticeAuthority:
    """
    `async with PracticeAuthority() as authority:` serves it at `authority.url` until the end.

    Args:
        folder: where its keys and certificates are, made if missing; None: a temporary one.

    Raises (on entry):
        FleetError: there is no `openssl`, or it fails, or the port is taken.
    """

    def __init__(self, folder: Path | None = None, *, port: int = 0) -> None:
        self._temporary = tempfile.TemporaryDirectory() if folder is None else None
        self.folder = Path(self._temporary.name) if self._temporary else folder
        assert self.folder is not None
        self.port = port
        self.asked = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def roots(self) -> Path:
        """Its root certificate, PEM."""
        assert self.folder is not None
        return self.folder / "root.pem"

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._make)
        app = web.Application(client_max_size=100_000)
        app.router.add_post("/", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        except OSError as exc:
            await self._runner.cleanup()
            raise FleetError(f"port {self.port} is taken: {exc.strerror or exc}") from exc
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if self._temporary is not None:
            self._temporary.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        query = await request.read()
        self.asked += 1
        answer = await asyncio.to_thread(self._reply, query)
        return web.Response(body=answer, content_type="application/timestamp-reply")

    def _reply(self, query: bytes) -> bytes:
        with tempfile.NamedTemporaryFile(suffix=".tsq") as file:
            file.write(query)
            file.flush()
            own = ("-config", str(self._config("authority")), "-section", "own")
            return _openssl("ts", "-reply", "-queryfile", file.name, *own)

    def _make(self) -> None:
        folder = self.folder
        assert folder is not None
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / "authority.pem").exists():
            return
        (folder / "serial").write_text("01\n")
        for name in ("root", "authority"):
            key = folder / f"{name}.key"
            _openssl("genpkey", "-algorithm", "EC", *KIND, "-out", str(key))
        root = self._config("root")
        own = ("-config", str(root), "-extensions", "root", "-key", str(folder / "root.key"))
        _openssl("req", "-x509", "-utf8", "-days", "3650", *own, "-out", str(self.roots))
        leaf = self._config("authority")
        _openssl(
            *("req", "-new", "-utf8", "-config", str(leaf)),
            *("-key", str(folder / "authority.key"), "-out", str(folder / "authority.csr")),
        )
        _openssl(
            *("x509", "-req", "-in", str(folder / "authority.csr"), "-days", "3650"),
            *("-CA", str(self.roots), "-CAkey", str(folder / "root.key"), "-CAcreateserial"),
            *("-extfile", str(leaf), "-extensions", "leaf"),
            *("-out", str(folder / "authority.pem")),
        )

    def _config(self, name: str) -> Path:
        names = {"root": "Racine d’entraînement", "authority": "Horodatage d’entraînement"}
        assert self.folder is not None
        path = self.folder / f"{name}.cnf"
        if not path.exists():
            path.write_text(CONFIG.format(name=names[name], folder=self.folder))
        return path


KIND = ("-pkeyopt", "ec_paramgen_curve:P-256")


def _openssl(*arguments: str) -> bytes:
    program = shutil.which("openssl")
    if program is None:
        raise FleetError("no `openssl` on the PATH: the practice authority is made with it")
    done = subprocess.run([program, *arguments], capture_output=True, check=False, timeout=60)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise FleetError(f"openssl {arguments[0]}: {' | '.join(said[-3:])[:500]}")
    return done.stdout
