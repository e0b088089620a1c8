"""What other visits saw, what the resolver says, and how right the clock is."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import shutil
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fleet.engine.reachability import FRESH, LATELY, Reachability
from fleet.models import Served
from fleet.models.circumstances import Clock as KernelClock
from fleet.rules.net_errors import Doubt
from fleet.system import network
from tests.engine import outage

AT = datetime(2026, 11, 25, 9, tzinfo=UTC)
GONE = "https://rdv.gone.example/"
SECOND = timedelta(seconds=1)
PYTHON = shlex.quote(sys.executable)


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> datetime:
        return self.at


def served(host: str, at: datetime, *, date: datetime | None = None, status: int = 200) -> Served:
    return Served(url=f"https://{host}/", status=status, at=at, server_date=date)


def knowing(*answered: Served, proxied: bool = True) -> tuple[Reachability, Clock]:
    """What is known after visits that were served these; nobody else is asked (a proxy)."""
    clock = Clock()
    reach = Reachability(proxied=proxied, now=clock, kernel=lambda: KernelClock(source="unknown"))
    for each in answered:
        documents = [each]
        reach.begin(each.url, documents)
        reach.end(documents)
    return reach, clock


async def test_a_document_of_another_site_shows_that_the_network_works() -> None:
    reach, clock = knowing(served("a.example", AT))

    clock.at = AT + FRESH
    assert (await reach.known(GONE, [], Doubt.WAY)).heard

    clock.at = AT + FRESH + SECOND
    known = await reach.known(GONE, [], Doubt.WAY)
    assert (known.heard, known.lately) == (False, True)

    clock.at = AT + LATELY + SECOND
    known = await reach.known(GONE, [], Doubt.WAY)
    assert (known.heard, known.lately) == (False, False)


async def test_a_document_that_came_while_a_silent_site_was_waited_for_shows_it_too() -> None:
    """The site had the same network, however long its visit waited afterwards."""
    reach, clock = knowing()
    mine: list[Served] = []
    reach.begin(GONE, mine)
    other = [served("a.example", AT + SECOND)]
    reach.begin(other[0].url, other)
    reach.end(other)

    clock.at = AT + 2 * FRESH
    assert (await reach.known(GONE, mine, Doubt.WAY)).heard

    later: list[Served] = []
    reach.begin("https://b.example/", later)
    assert not (await reach.known("https://b.example/", later, Doubt.WAY)).heard


async def test_a_document_from_this_machine_shows_nothing_of_the_network() -> None:
    reach, _ = knowing(served("evry.localhost", AT), served("127.0.0.1:8000", AT))

    known = await reach.known(GONE, [], Doubt.WAY)

    assert (known.heard, known.lately, known.near) == (False, False, False)
    assert (await reach.known("http://evry.localhost/", [], Doubt.WAY)).near


async def test_an_error_of_a_proxy_shows_nothing_of_the_network() -> None:
    reach, _ = knowing(served("a.example", AT, status=502))

    assert not (await reach.known(GONE, [], Doubt.WAY)).heard


async def test_what_fails_after_the_last_answer_counts_against_us() -> None:
    reach, clock = knowing(served("a.example", AT))
    clock.at = AT + SECOND
    await reach.known("https://b.example/", [], Doubt.WAY)

    known = await reach.known(GONE, [], Doubt.WAY)

    assert (known.heard, known.lately, known.failed) == (False, False, 1)
    clock.at = AT + 2 * SECOND
    documents = [served("a.example", clock.at)]
    reach.begin(documents[0].url, documents)
    assert (await reach.known(GONE, [], Doubt.WAY)).heard


async def test_visits_under_way_are_waited_for_and_say_what_they_hear() -> None:
    reach, clock = knowing()
    documents: list[Served] = []
    mine: list[Served] = []
    reach.begin("https://a.example/", documents)
    reach.begin(GONE, mine)

    asking = asyncio.ensure_future(reach.known(GONE, mine, Doubt.WAY))
    await asyncio.sleep(0)
    assert not asking.done()
    documents.append(served("a.example", clock.at))

    assert (await asking).heard


async def test_visits_that_all_fail_do_not_wait_for_each_other() -> None:
    reach, _ = knowing()
    urls = [f"https://{name}.example/" for name in "abc"]
    visits: list[list[Served]] = [[] for _ in urls]
    for url, documents in zip(urls, visits, strict=True):
        reach.begin(url, documents)

    asked = [reach.known(url, docs, Doubt.WAY) for url, docs in zip(urls, visits, strict=True)]
    found = await asyncio.wait_for(asyncio.gather(*asked), 4)

    assert [known.failed for known in found] == [2, 2, 2]


# The clock ---------------------------------------------------------------------------------------


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[str]:
    """The address of a site on this machine whose certificate holds in the year from `AT` on."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rdv.localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(AT)
        .not_valid_after(AT + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "site.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)

    async def nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(nothing, "127.0.0.1", 0, ssl=context)
    yield f"https://rdv.localhost:{server.sockets[0].getsockname()[1]}/"
    server.close()


async def right(url: str, at: datetime, off: timedelta | None) -> bool | None:
    """Whether the clock that shows `at` is known to be right, if another site's is `off` behind."""
    date = at - off if off is not None else None
    reach, clock = knowing(served("a.example", at, date=date), proxied=False)
    clock.at = at
    return (await reach.known(url, [], Doubt.CLOCK)).clock_right


DAY, YEAR = timedelta(days=1), timedelta(days=365)


async def test_a_certificate_tells_whose_clock_is_wrong(shop: str) -> None:
    # another site's clock agrees with ours: the certificate is bad
    assert await right(shop, AT - 9 * DAY, timedelta(0)) is True
    assert await right(shop, AT + 2 * YEAR, timedelta(0)) is True
    # another site's clock says that ours is wrong, and the certificate holds by it
    assert await right(shop, AT - YEAR, -YEAR - DAY) is False
    assert await right(shop, AT + 2 * YEAR, 2 * YEAR - DAY) is False
    # ours is wrong, and the certificate is bad all the same
    assert await right(shop, AT + 3 * YEAR, YEAR / 2) is True


async def test_a_certificate_from_the_future_shows_a_clock_that_is_behind(shop: str) -> None:
    assert await right(shop, AT - 30 * DAY, None) is False
    assert await right(shop, AT + 2 * YEAR, None) is None


async def test_a_clock_that_the_kernel_vouches_for_is_right(shop: str) -> None:
    sure = KernelClock(source="kernel (adjtimex)", synchronised=True, max_error_s=0.1)
    for at in (AT - 30 * DAY, AT + 2 * YEAR):
        reach = Reachability(now=lambda at=at: at, kernel=lambda: sure)  # type: ignore[misc]

        assert (await reach.known(shop, [], Doubt.CLOCK)).clock_right is True


async def test_a_certificate_that_nobody_shows_leaves_only_the_clocks() -> None:
    nobody = "https://rdv.localhost:9/"

    assert await right(nobody, AT, timedelta(0)) is True
    assert await right(nobody, AT, timedelta(hours=30)) is False


# A network of its own: nothing can leave it -----------------------------------------------------

ALONE = ["unshare", *([] if os.geteuid() == 0 else ["-r"]), "-n", "-m"]
CAN = shutil.which("unshare") and subprocess.run([*ALONE, "true"], check=False).returncode == 0

SEEN = """
import asyncio, sys
from fleet.system import network
from tests.engine import outage
async def look():
    found = await network.look_up(sys.argv[1], 8)
    print(found.known, network.fault(found.addresses), sep=";")
asyncio.run(look())
"""

WIRED = """
ip link set lo up
ip link add x0 type veth && ip addr add 10.9.9.2/24 dev x0 && ip link set x0 up
for peer in $(ip -br link | sed -n 's/^\\([^@ ]*\\)@x0.*/\\1/p'); do ip link set "$peer" up; done
ip route add default via 10.9.9.1
"""

NAME_SERVER = """
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
print("ready", flush=True)
while True:
    asked, who = server.recvfrom(512)
    code = 3 if b"gone" in asked else 2  # no such name; I cannot say
    server.sendto(asked[:2] + bytes([0x81, 0x80 | code]) + asked[4:6] + bytes(6) + asked[12:], who)
"""


async def in_its_own(script: str, name: str, resolv: str = "nameserver 127.0.0.1") -> list[str]:
    """What `SEEN` says of a name in a network that `script` has set up."""
    inside = f"""set -e; d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
{script}
echo '{resolv}' > "$d/r"; mount --bind "$d/r" /etc/resolv.conf
printf '127.0.0.1 localhost\\n203.0.113.1 known.example\\n' > "$d/h"; mount --bind "$d/h" /etc/hosts
"$1" -c "$2" "$3"
"""
    process = await asyncio.create_subprocess_exec(
        *(*ALONE, "sh", "-c", inside, "sh", sys.executable, SEEN, name),
        stdout=subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode().strip().splitlines()[-1].split(";")


@pytest.mark.process
@pytest.mark.skipif(not CAN, reason="no network of its own here")
@pytest.mark.parametrize(
    ("script", "name", "known", "fault"),
    [
        ("ip link set lo up", "known.example", "True", "the kernel has no way to its address"),
        ("ip link set lo up", "rdv.example", "None", "no route leads out of this machine"),
        (WIRED, "rdv.example", "None", "None"),
        (f"{WIRED} ip route del default; ip route add prohibit default", "known.example", "True",
         "the kernel has no way to its address"),
        (
            f"{WIRED} ping -c 1 -W 4 203.0.113.9 > \"$d/p\" 2>&1 || true; {PYTHON} -c"
            " 'import socket; s = socket.create_connection((\"203.0.113.9\", 80), 5)' 2> \"$d/p\""
            " || true",
            "known.example", "True", "the router 10.9.9.1 does not answer",
        ),
    ],
)  # fmt: skip
async def test_what_the_kernel_knows_of_our_network_is_told(
    script: str, name: str, known: str, fault: str
) -> None:
    assert await in_its_own(script, name) == [known, fault]


@pytest.mark.process
@pytest.mark.skipif(not CAN, reason="no network of its own here")
async def test_a_name_that_does_not_exist_is_told_from_a_server_that_cannot_say(
    tmp_path: Path,
) -> None:
    (tmp_path / "server.py").write_text(NAME_SERVER)
    serving = (
        f'ip link set lo up; {PYTHON} {tmp_path}/server.py > "$d/ready" & server=$!;'
        " trap 'kill $server; rm -rf \"$d\"' EXIT;"
        ' until grep -q ready "$d/ready"; do sleep 0.1; done'
    )

    assert (await in_its_own(serving, "gone.example"))[0] == "False"
    assert (await in_its_own(serving, "rdv.example"))[0] == "None"


async def test_the_kernel_tells_whether_a_connection_is_held() -> None:
    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0)

    server = await asyncio.start_server(hold, "127.0.0.77", 0)
    port = server.sockets[0].getsockname()[1]

    assert not network.connected(["127.0.0.77"])
    _, writer = await asyncio.open_connection("127.0.0.77", port)
    assert network.connected(["127.0.0.77"])
    assert not network.connected(["127.0.0.78", "2001:db8::1"])
    writer.close()
    server.close()


async def test_a_name_that_is_none_is_no_error() -> None:
    assert (await network.look_up("a" * 300, 5)).known is not True
    assert (await network.look_up("\udc80.example", 5)).known is not True


@pytest.mark.slow
@pytest.mark.skipif(not CAN, reason="no network of its own here")
async def test_an_outage_of_ours_is_told_once_and_blames_no_site(tmp_path: Path) -> None:
    """Two runs without a name server, then one in which two of three sites answer."""
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "d12_aveyron.py").write_text(outage.SCENARIOS, encoding="utf-8")
    settings = {
        "FLEET_DATA_DIR": str(tmp_path / "data"),
        "FLEET_SCENARIOS_DIR": str(tmp_path / "scenarios"),
        "FLEET_PAUSE_S": "0",
        "FLEET_TRIES": "1",
        "FLEET_CONTACT_URL": "mailto:essai@example.org",
        "FLEET_INTERNAL_HOSTS": "rdv-un.example rdv-deux.example rdv-trois.example",
    }
    setup = f"""set -e; d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
{WIRED}
echo 'nameserver 127.0.0.1' > "$d/r"; mount --bind "$d/r" /etc/resolv.conf
echo '127.0.0.1 localhost' > "$d/h"; mount --bind "$d/h" /etc/hosts
"$1" -m tests.engine.outage
"""
    process = await asyncio.create_subprocess_exec(
        *(*ALONE, "sh", "-c", setup, "sh", sys.executable),
        stdout=subprocess.PIPE,
        env={**os.environ, **settings},
        cwd=Path(__file__).parents[2],
    )
    out, _ = await process.communicate()
    attempts, events, cooling = json.loads(out)

    ours = [[flow, "crashed", "network"] for flow in ("deux", "trois", "un")]
    assert sorted(attempts[:6]) == sorted(2 * ours)
    assert sorted(attempts[6:]) == [
        ["deux", "closed", None],
        ["trois", "site_down", None],
        ["un", "closed", None],
    ]
    assert events == ["network_away", "network_back"]
    assert cooling == []
