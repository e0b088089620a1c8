"""
The texts that the pages say, found in templates and code, and the English beside them.

    python -m fleet.web.extract_messages

puts new texts into `locale/en.po`, where somebody then translates them, and takes away those
that no page says any more. A test fails while one is missing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2 import nodes

from fleet.web.templating import environment

FLEET = Path(__file__).parents[1]
SOURCE_FOLDERS = tuple(FLEET / name for name in ("web", "rendering", "evidence/dossier"))
"""The pages, then what is printed and said by the same means."""
ENGLISH = FLEET / "rendering" / "locale" / "en.po"

Text = str | tuple[str, str]
"""One text, or its singular and plural."""


def texts() -> dict[Text, list[str]]:
    """Every text of the pages, with the files that say it."""
    found: dict[Text, list[str]] = {}
    for path in _sources("*.py"):
        for text in _in_code(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(text, []).append(_name(path))
    templates = environment()
    for path in _sources("templates/**/*.html"):
        for text in _in_template(templates.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(text, []).append(_name(path))
    return found


def _sources(pattern: str) -> list[Path]:
    """The files of the pages, then those of the dossier, which is printed by the same means."""
    return [path for folder in SOURCE_FOLDERS for path in sorted(folder.rglob(pattern))]


def _name(path: Path) -> str:
    return path.relative_to(FLEET).as_posix()


def _in_code(tree: ast.AST) -> Iterator[Text]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = (
            node.func.attr
            if isinstance(node.func, ast.Attribute)
            else (node.func.id if isinstance(node.func, ast.Name) else "")
        )
        texts = [a.value for a in node.args[:2] if isinstance(a, ast.Constant)]
        if name in ("t", "N_") and texts and isinstance(texts[0], str):
            yield texts[0]
        elif name == "nt" and len(texts) == 2:
            yield str(texts[0]), str(texts[1])


def _in_template(template: nodes.Template) -> Iterator[Text]:
    for call in template.find_all(nodes.Call):
        name = call.node.attr if isinstance(call.node, nodes.Getattr) else ""
        texts = [str(a.value) for a in call.args[:2] if isinstance(a, nodes.Const)]
        if name == "t" and texts:
            yield texts[0]
        elif name == "nt" and len(texts) == 2:
            yield texts[0], texts[1]


def english() -> Catalog:
    """The English texts as they are now."""
    with ENGLISH.open("rb") as file:
        return read_po(file, locale="en")


def update() -> None:
    """Bring `en.po` up to date with what the pages say; translations stay."""
    before = english() if ENGLISH.exists() else Catalog(locale="en")
    after = Catalog(locale="en", project="prefecture-fleet", charset="utf-8")
    for text, files in sorted(texts().items(), key=lambda item: str(item[0])):
        known = before.get(text[0] if isinstance(text, tuple) else text)
        after.add(text, known.string if known else None, locations=[(f, 0) for f in files])
    with ENGLISH.open("wb") as file:
        write_po(file, after, width=100, include_lineno=False, omit_header=True)


if __name__ == "__main__":
    update()
