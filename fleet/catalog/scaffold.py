"""
Scenario files written for their author: the family from an address, the text, the right file.

Nothing is visited here. A file is only written once its whole new text has been loaded as a
scenario file; a file that exists is extended, never rewritten.
"""

from __future__ import annotations

import ast
import json
import keyword
import re
import tempfile
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from fleet.catalog import loader
from fleet.errors import BadInput
from fleet.models.departments import DEPARTMENTS
from fleet.models.text import visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ADDRESSES = (
    ("bookingserver", r"(https?://[^/]+/(?:index\.php/)?booking/create/\d+)(?:[/?#]|$)"),
    ("rdv_prefecture", r"(https?://[^/]+/rdvpref/reservation/demarche/\d+/)"),
    ("demarches_simplifiees", r"(https?://[^/]+/commencer/[^/?#]+)"),
    ("eappointment", r"(https?://[^/]+/eAppointment[^/]*/[^?#]*\.jsp)"),
    ("anef", r"(https?://administration-etrangers-en-france\.[^/]+/.*)"),
    ("rdv_service_public", r"(https?://[^/]+/(?:prendre_rdv|org/|motif/).*)"),
)
"""Family and the part of an address where its visits begin."""

_DOCSTRING = '"' * 3 + "À ÉCRIRE : ce que fait une visite, en une ligne." + '"' * 3

_HOST_WORDS = ("www", "rdv", "gouv", "fr", "localhost")


@dataclass(frozen=True, slots=True)
class Address:
    """What an address says: its family (None: no known one), where a visit begins, more."""

    url: str
    family: str | None
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def department(self) -> str | None:
        """The department that the host names, such as `www.rdv.puy-de-dome.gouv.fr`."""
        host = (urlsplit(self.url).hostname or "").split(".")
        words = [word.replace("-", "") for word in host if word not in _HOST_WORDS]
        plain = {code: slug(name).replace("-", "") for code, name in DEPARTMENTS.items()}
        found = [code for code, name in plain.items() if name in words]
        return found[0] if len(found) == 1 else None


def recognise(url: str) -> Address:
    """
    The family of an address.

    Raises:
        BadInput: it is no http(s) address.
    """
    if not re.match(r"https?://[^/\s]+(/\S*)?$", url):
        raise BadInput(f"{url!r} is no address; expected one that starts with https://")
    for family, pattern in _ADDRESSES:
        match = re.match(pattern, url)
        if match:
            sitekey = parse_qs(urlsplit(url).query).get("sitekey", [])
            return Address(match[1], family, {"sitekey": sitekey[0]} if sitekey else {})
    return Address(url, None)


def slug(words: str, longest: int = 60) -> str:
    """`Titre de séjour : dépôt` → `titre-de-sejour-depot`, cut between two words."""
    plain = unicodedata.normalize("NFD", words.replace("œ", "oe").replace("Œ", "OE"))
    plain = plain.encode("ascii", "ignore").decode().lower()
    parts = [part for part in re.split(r"[^a-z0-9]+", plain) if part]
    while len("-".join(parts)) > longest and len(parts) > 1:
        parts.pop()
    return "-".join(parts)[:longest]


@dataclass(frozen=True, slots=True)
class Draft:
    """
    A scenario to be written.

    `plannings` are desks by the value of their radio button, with their labels: one scenario
    for each; `seen` are lines for the author of a site of its own: what its first page shows.
    """

    address: Address
    department: str
    flow: str
    title: str
    anchor: str | None = None
    control: bool = False
    plannings: Mapping[str, str] = field(default_factory=dict)
    seen: Sequence[str] = ()

    @property
    def ids(self) -> list[str]:
        """The ids of the scenarios that it makes."""
        ends = [f"-planning-{planning}" for planning in self.plannings] or [""]
        return [f"{self.department}/{self.flow}{end}" for end in ends]

    def text(self, taken: Sequence[str]) -> str:
        """Its Python text, without imports; `taken` are names that the file has already."""
        name = re.sub(r"\W", "_", self.flow)
        if name[0].isdigit() or keyword.iskeyword(name):
            name = f"flow_{name}"
        while name in taken:
            name += "_2"
        if self.address.family is None:
            return self._own(name)
        if self.plannings:
            return self._several(name)
        return f"{name} = {self._call('', _quote(self.flow), _quote(self.title))}\n"

    def _call(self, indent: str, flow: str, title: str, **more: str) -> str:
        parts = {
            "department": _quote(self.department),
            "flow": flow,
            "title": title,
            "url": _quote(self.address.url),
            **{name: _quote(value) for name, value in self.address.parameters.items()},
            **more,
            **self._options(),
        }
        lines = "".join(f"{indent}    {name}={value},\n" for name, value in parts.items())
        return f"{self.address.family}.flow(\n{lines}{indent})"

    def _options(self) -> dict[str, str]:
        anchor = {"anchor": _quote(self.anchor)} if self.anchor else {}
        return {**anchor, **({"control": "True"} if self.control else {})}

    def _several(self, name: str) -> str:
        flow = f'f"{self.flow}-planning-{{planning}}"'
        # the title comes from a stranger's page: no quote or brace of it may end the string
        words = _quote(self.title)[1:-1].replace("{", "{{").replace("}", "}}")
        call = self._call("    ", flow, f'f"{words} : {{label}}"', planning="planning")
        desks = "".join(
            f"        {_quote(planning)}: {_quote(label)},\n"
            for planning, label in self.plannings.items()
        )
        return f"{name} = [\n    {call}\n    for planning, label in {{\n{desks}    }}.items()\n]\n"

    def _own(self, name: str) -> str:
        parts = {
            "department": _quote(self.department),
            "flow": _quote(self.flow),
            "title": _quote(self.title),
            "url": _quote(self.address.url),
            **self._options(),
        }
        head = "".join(f"    {option}={value},\n" for option, value in parts.items())
        seen = "".join(f"    #   {visible(' '.join(line.split()))[:88]}\n" for line in self.seen)
        return f"""@scenario(
{head})
async def {name}(visit: Visit) -> Outcome:
    {_DOCSTRING}
    # The first page shows:
{seen}    await visit.open()
    # Go on as a person would, with the words on the page:
    # await visit.tick("J'accepte les conditions")
    # await visit.select("Guichet", "Sous-préfecture")
    # await visit.press("Prendre rendez-vous")
    # Then say how the answer is recognised: two independent signs for each of the first two.
    return await visit.decide(
        no_slots=[visit.text("À ÉCRIRE : la phrase qui dit « aucun »"), visit.url("*/à-écrire")],
        slots=[visit.text("À ÉCRIRE : le titre du calendrier"), visit.css("a.a-ecrire")],
    )
"""


def check_folder(folder: Path) -> None:
    """
    Whether a scenario file can be written into it, before anything is visited for one.

    Raises:
        BadInput: it cannot.
    """
    advice = "Set FLEET_SCENARIOS_DIR to a folder of your own, which is made if it is missing"
    if folder.resolve().is_relative_to(Path(__file__).parent.resolve()):
        raise BadInput(f"{folder} is the catalogue that was installed, no place to write. {advice}")
    there = next(p for p in (folder.absolute(), *folder.absolute().parents) if p.exists())
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError as exc:
        raise BadInput(f"{there} takes no file: {exc.strerror}. {advice}") from exc


def write(draft: Draft, folder: Path) -> Path:
    """
    Put the draft into its department's file, a new one if there is none.

    Raises:
        BadInput: an id is taken, or the text would not load; nothing was written.
    """
    there = loader.load(folder).scenarios if folder.is_dir() else ()
    taken = [scenario.id for scenario in there if scenario.id in draft.ids]
    if taken:
        raise BadInput(f"{taken[0]} is in {folder} already; choose another --flow")
    code = draft.department.lower()
    files = sorted(folder.glob(f"d{code}_*.py"))
    name = DEPARTMENTS[draft.department]
    path = files[0] if files else folder / f"d{code}_{slug(name).replace('-', '_')}.py"
    try:
        before = path.read_text(encoding="utf-8") if files else _docstring(draft.department)
        after = _extend(before, draft)
    except (SyntaxError, ValueError) as exc:
        raise BadInput(f"{path} was left as it was: it cannot be read as Python: {exc}") from exc
    with tempfile.TemporaryDirectory(prefix="fleet-new-") as trial:
        copy = Path(trial) / path.name
        copy.write_text(after, encoding="utf-8")
        problems = loader.load(copy).problems
        if problems:
            reason = problems[0].problem.split("; correct it")[0]
            raise BadInput(f"{path} was left as it was: with the new text it says: {reason}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(after, encoding="utf-8")
    except OSError as exc:
        raise BadInput(f"{path} cannot be written: {exc.strerror}") from exc
    return path


def _docstring(department: str) -> str:
    name = DEPARTMENTS[department]
    return f'"""{name} ({department}). Not yet seen working from here."""\n'


def _extend(before: str, draft: Draft) -> str:
    own = draft.address.family is None
    module, names = (
        ("fleet", ("Outcome", "Visit", "scenario"))
        if own
        else ("fleet.families", (str(draft.address.family),))
    )
    text = _with_import(before, module, names)
    taken = [
        target.id
        for node in ast.parse(text).body
        for target in getattr(node, "targets", [])
        if isinstance(target, ast.Name)
    ] + [node.name for node in ast.parse(text).body if isinstance(node, ast.AsyncFunctionDef)]
    apart = "\n\n" if own else "\n"
    return f"{text.rstrip()}\n{apart}{draft.text(taken)}"


def _with_import(text: str, module: str, names: Sequence[str]) -> str:
    """`text` with these names imported from `module`, on the line it has for that or a new one."""
    body = ast.parse(text).body
    lines = text.splitlines()
    for node in body:
        if isinstance(node, ast.ImportFrom) and node.module == module:
            every = sorted({*names, *(alias.name for alias in node.names)}, key=_case)
            line = f"from {module} import {', '.join(every)}"
            lines[node.lineno - 1 : node.end_lineno] = [line]
            return "\n".join(lines) + "\n"
    new = f"from {module} import {', '.join(sorted(names, key=_case))}"
    imports = [n for n in body if isinstance(n, ast.ImportFrom) and n.module != "__future__"]
    later = [n for n in imports if str(n.module) > module]
    if later:
        at, put = later[0].lineno - 1, [new]
    elif imports:
        at, put = imports[-1].end_lineno or 0, [new]
    else:
        first = body[0] if body and isinstance(body[0], ast.Expr) else None
        at, put = (first.end_lineno or 0) if first else 0, ["", new]
    lines[at:at] = put
    return "\n".join(lines) + "\n"


def _case(name: str) -> tuple[bool, str]:
    """Names in the order that ruff gives them: classes first."""
    return (not name[0].isupper(), name)


def _quote(value: str) -> str:
    return visible(json.dumps(value, ensure_ascii=False))
