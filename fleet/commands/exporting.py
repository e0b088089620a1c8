"""`fleet export wacz`: a recording as a web archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet import har
from fleet.errors import BadInput
from fleet.models import now
from fleet.present import write_file
from fleet.wacz import archive

if TYPE_CHECKING:
    from pathlib import Path


def wacz(recording: Path, output: Path) -> None:
    """
    Write the recording of `fleet record` to `output`, and say what is in it.

    Raises:
        BadInput: it is no such recording, `output` is there already or has another ending.
    """
    if output.suffix != ".wacz":  # by which the tools that open it know it
        raise BadInput(f"{output}: expected a name that ends with .wacz; choose another (-o)")
    tape = har.load(recording)
    made = archive(tape, now())
    write_file(output, made.content)
    print(
        f"{output}: {made.answers} answers, {made.pages} pages, {len(made.content)} bytes;"
        " open it at https://replayweb.page"
    )
    for problem in tape.problems:
        print(f"  without its body: {problem}")
