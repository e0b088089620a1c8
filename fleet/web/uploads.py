"""
A picture that a person sends: opened within bounds, made anew, never kept as it came.

What is kept is a JPEG drawn from the pixels alone, upright, on white: place, camera, names and
whatever else was hidden in the file are not in it. Only PNG, JPEG and WebP are opened, by what is
in the file and not by its name; their size in pixels is read before any pixel is, and that in a
process of its own (`picture_copy`) with little memory and time.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass

from fleet.rendering.i18n import N_
from fleet.web import picture_copy
from fleet.web.picture_copy import CopyLimits

DEADLINE_S = 60.0
"""Then the process is killed, on a machine that is busy with other things too."""

NO_PICTURE = N_(
    "Ce fichier n’est pas une image PNG, JPEG ou WebP entière. Choisissez une capture d’écran ou"
    " une photo."
)
TOO_MANY_PIXELS = N_(
    "Cette image a trop de points (plus de 40 millions). Réduisez-la, puis recommencez."
)
TOO_MUCH_WORK = N_(
    "Cette image demande trop de mémoire ou de temps pour être ouverte. Réduisez-la ou"
    " enregistrez-la en JPEG, puis recommencez."
)
_PROBLEMS = {
    "no_picture": NO_PICTURE,
    "too_many_pixels": TOO_MANY_PIXELS,
    "too_much_work": TOO_MUCH_WORK,
}


class UnusablePicture(Exception):
    """The file is not taken; the message says why (French, a key)."""


@dataclass(frozen=True)
class UploadedPicture:
    """The copy of a picture, a small one of it, and the hash of what it was made from."""

    picture: bytes
    small: bytes
    width: int
    height: int
    original_sha256: str
    original_size_bytes: int

    @property
    def sha256(self) -> str:
        """The hash of the copy."""
        return hashlib.sha256(self.picture).hexdigest()


async def uploaded_picture(
    original: bytes, limits: CopyLimits | None = None, deadline_s: float = DEADLINE_S
) -> UploadedPicture:
    """
    The copy of a picture to keep, made in a process of its own.

    Raises:
        UnusablePicture: it is none, or too large, or takes too much.
    """
    # isolated, and without a secret of ours in its environment
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", picture_copy.__file__, json.dumps(asdict(limits or CopyLimits()))),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ},
    )
    try:
        async with asyncio.timeout(deadline_s):
            said, _ = await process.communicate(original)
    except TimeoutError as exc:
        raise UnusablePicture(TOO_MUCH_WORK) from exc
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    head, found, rest = said.partition(b"\n")
    if process.returncode != 0 or not found:
        raise UnusablePicture(TOO_MUCH_WORK)  # killed for what it took
    made = json.loads(head)
    if "problem" in made:
        raise UnusablePicture(_PROBLEMS[made["problem"]])
    return UploadedPicture(
        picture=rest[: made["picture_bytes"]],
        small=rest[made["picture_bytes"] :],
        width=made["width"],
        height=made["height"],
        original_sha256=hashlib.sha256(original).hexdigest(),
        original_size_bytes=len(original),
    )
