"""
`/api/docs`: the OpenAPI document, drawn as a page without a script.

What can be drawn is what FastAPI writes for this application; anything else in the document is
left out rather than guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from fleet.rendering.i18n import N_
from fleet.storage.paging import MAX_LIMIT
from fleet.web.field_docs import ATTEMPT, WORDS
from fleet.web.templating import PageContext

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Schema = dict[str, Any]

SECTIONS = (
    ("data", N_("Données"), r"/api/(?!export|changes/.*atom|changes\.atom)"),
    ("export", N_("Fichiers"), r"/api/export/"),
    ("feeds", N_("Flux Atom"), r"/api/changes.*\.atom"),
)
"""The parts of the page, and which addresses each holds."""

EVERYWHERE = ("200", "400", "422", "503")
"""Statuses that the page explains once for all addresses."""

_REF = "#/components/schemas/"

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Type:
    """A type in few words; `ref` is the shape that it is made of, if any."""

    words: str
    ref: str | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of a shape."""

    name: str
    type: Type
    description: str
    required: bool
    default: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One address."""

    path: str
    anchor: str
    summary: str
    description: str
    parameters: tuple[Field, ...]
    answer: Type
    statuses: tuple[tuple[str, str], ...]
    example: str | None


@dataclass(frozen=True, slots=True)
class Shape:
    """An object of the answers, or a list of the words that may stand in one."""

    name: str
    fields: tuple[Field, ...]
    values: tuple[str, ...]


@router.get("/api/docs")
async def documentation(request: Request) -> HTMLResponse:
    """The page."""
    page = PageContext(request)
    document = request.app.openapi()
    operations = list(_operations(document))
    sections = [
        (name, page.t(title), [o for o in operations if re.match(pattern, o.path)])
        for name, title, pattern in SECTIONS
    ]
    shapes = list(_shapes(document["components"]["schemas"]))
    return page.render("api_docs.html", sections=sections, shapes=shapes, most=MAX_LIMIT)


def type_of(schema: Schema) -> Type:
    """The type of a schema, as programmers write it: `Attempt[]`, `string (date) | null`."""
    match schema:
        case {"$ref": str(ref)}:
            name = ref.removeprefix(_REF)
            return Type(name, name)
        case {"anyOf": list(several)} | {"allOf": list(several)}:
            types = [type_of(each) for each in several]
            return Type(" | ".join(t.words for t in types), _first_ref(types))
        case {"type": "array", "prefixItems": list(several)}:
            return Type(f"[{', '.join(type_of(each).words for each in several)}]")
        case {"type": "array", "items": dict(items)}:
            item = type_of(items)
            return Type(f"{item.words}[]", item.ref)
        case {"type": "object", "additionalProperties": dict(values)}:
            value = type_of(values)
            return Type(f"{{… : {value.words}}}", value.ref)
        case {"enum": list(values)}:
            return Type(" | ".join(f"“{value}”" for value in values))
        case {"const": value}:
            return Type(f"“{value}”")
        case {"type": str(name), "format": str(form)}:
            return Type(f"{name} ({form})")
        case {"type": str(name)}:
            return Type(name)
    return Type("…")


def _first_ref(types: list[Type]) -> str | None:
    return next((each.ref for each in types if each.ref), None)


def _operations(document: Schema) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        operation = methods.get("get")
        if operation is None or not path.startswith("/api/"):
            continue
        parameters = tuple(_parameter(each) for each in operation.get("parameters", ()))
        good = operation["responses"].get("200", {}).get("content", {})
        media_type = next(iter(good), "")
        answer: Schema = good.get(media_type, {})
        yield Operation(
            path=path,
            anchor=re.sub(r"\W+", "-", path).strip("-"),
            summary=operation.get("summary", ""),
            description=operation.get("description", ""),
            parameters=parameters,
            answer=type_of(answer["schema"]) if answer.get("schema") else Type(media_type),
            statuses=tuple(
                (status, each["description"])
                for status, each in sorted(operation["responses"].items())
                if status not in EVERYWHERE
            ),
            example=None if "{" in path else path,
        )


def _parameter(parameter: Schema) -> Field:
    schema = parameter["schema"]
    default = schema.get("default")
    return Field(
        name=parameter["name"],
        type=_without_null(schema),
        description=parameter.get("description", schema.get("description", "")),
        required=parameter.get("required", False),
        default="" if default is None else str(default),
    )


def _without_null(schema: Schema) -> Type:
    """A parameter that may be left out is not null: it is not there."""
    several = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    return type_of(several[0] if len(several) == 1 else schema)


def _shapes(schemas: Mapping[str, Schema]) -> Iterator[Shape]:
    for name, schema in sorted(schemas.items()):
        if "ValidationError" in name:  # the 422 of FastAPI, told in the page's words
            continue
        required = schema.get("required", ())
        words = WORDS.get(name, {})
        yield Shape(
            name=name,
            fields=tuple(
                Field(
                    field,
                    type_of(each),
                    words.get(field) or each.get("description") or ATTEMPT.get(field, ""),
                    field in required,
                )
                for field, each in schema.get("properties", {}).items()
            ),
            values=tuple(map(str, schema.get("enum", ()))),
        )
