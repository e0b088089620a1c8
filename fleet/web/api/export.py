"""
Attempts as files: CSV, JSON Lines and Parquet, for any filter, oldest first.

What is sent is read page by page while it is sent: an export of everything takes the memory of
a few hundred attempts (Parquet: of one row group). The columns are those of `fleet export`.
"""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.status import HTTP_501_NOT_IMPLEMENTED

from fleet.models import Attempt
from fleet.models.text import visible_json
from fleet.rendering.attempt_csv import CSV_COLUMNS, cells_of, csv_row
from fleet.rendering.i18n import N_
from fleet.storage.paging import FROM_OLDEST, MAX_LIMIT
from fleet.web.api.query import FilterQuery
from fleet.web.context import WebContext, context_of
from fleet.web.templating import PageContext

if TYPE_CHECKING:
    import pyarrow as pa

    from fleet.models.query import Filter
    from fleet.storage.queries import AttemptQueries

BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel takes UTF-8 for another encoding."""

ROWS_IN_A_GROUP = 5_000

CSV, JSON_LINES = "text/csv", "application/x-ndjson"
PARQUET = "application/vnd.apache.parquet"

NO_PARQUET = N_(
    "Ce serveur n’écrit pas de Parquet : il lui manque l’extra `parquet`"
    " (`pip install 'prefecture-fleet[parquet]'`)."
)

# a spreadsheet takes a cell that begins so for a formula, and runs it

router = APIRouter()


def _responses(media_type: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {media_type: {}}, "description": N_("le fichier")}}


@router.get(
    "/api/export/attempts.csv",
    summary=N_("Les tentatives en CSV"),
    description=N_(
        "Une ligne par tentative, la plus ancienne d’abord, en UTF-8 avec une marque d’ordre des"
        " octets. Une cellule de texte qui commence par `=`, `+`, `-`, `@`, une tabulation ou un"
        " saut de ligne est précédée d’une apostrophe : un tableur exécuterait sinon ce qu’un"
        " site inconnu a écrit. JSON Lines et Parquet ne changent rien aux textes."
    ),
    response_class=StreamingResponse,
    responses=_responses(CSV),
)
async def csv_file(request: Request, asked: Annotated[FilterQuery, Query()]) -> StreamingResponse:
    """The attempts as CSV."""
    context, wanted = context_of(request), asked.filter()
    parts = csv_parts(context.queries, wanted)
    return await _stream(parts, f"{CSV}; charset=utf-8", file_name(context, wanted, "csv"))


@router.get(
    "/api/export/attempts.jsonl",
    summary=N_("Les tentatives en JSON Lines"),
    description=N_("Une tentative entière par ligne, avec ses preuves, la plus ancienne d’abord."),
    response_class=StreamingResponse,
    responses=_responses(JSON_LINES),
)
async def json_lines_file(
    request: Request, asked: Annotated[FilterQuery, Query()]
) -> StreamingResponse:
    """The attempts as JSON Lines."""
    context, wanted = context_of(request), asked.filter()
    parts = json_lines_parts(context.queries, wanted)
    return await _stream(parts, JSON_LINES, file_name(context, wanted, "jsonl"))


@router.get(
    "/api/export/attempts.parquet",
    summary=N_("Les tentatives en Parquet"),
    description=N_(
        "Les colonnes du CSV avec leurs types : instants en UTC, dates en listes, faits par nom."
    ),
    response_class=StreamingResponse,
    responses=_responses(PARQUET) | {501: {"description": N_("ce serveur n’écrit pas de Parquet")}},
)
async def parquet_file(
    request: Request, asked: Annotated[FilterQuery, Query()]
) -> StreamingResponse:
    """The attempts as Parquet; HTTPException 501 without the extra `parquet`."""
    if not writes_parquet():
        raise HTTPException(HTTP_501_NOT_IMPLEMENTED, PageContext(request).t(NO_PARQUET))
    context, wanted = context_of(request), asked.filter()
    parts = parquet_parts(context.queries, wanted)
    return await _stream(parts, PARQUET, file_name(context, wanted, "parquet"))


def writes_parquet() -> bool:
    """Whether the extra `parquet` is installed; does not import it."""
    return find_spec("pyarrow") is not None


async def _stream(parts: AsyncIterator[bytes], media_type: str, name: str) -> StreamingResponse:
    # the first part before the status: a database that is gone is an error, not an empty file
    first = await anext(parts)

    async def all_parts() -> AsyncIterator[bytes]:
        yield first
        async for part in parts:
            yield part

    return StreamingResponse(
        all_parts(),
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def file_name(context: WebContext, wanted: Filter, ending: str) -> str:
    """A name that says what is in the file: `tentatives_63_titre-de-sejour_slots.csv`."""
    words = [
        "exercice" if context.made_up else None,
        "tentatives",
        wanted.scenario_id or wanted.department,
        wanted.verdict or wanted.group,
        {None: None, True: "temoins", False: "sans-temoins"}[wanted.control],
        f"passage-{wanted.run_id}" if wanted.run_id else None,
        f"du-{wanted.first}" if wanted.first else None,
        f"au-{wanted.last}" if wanted.last else None,
        None if wanted.hour is None else f"{wanted.hour:02}h",
    ]
    name = "_".join(word for word in words if word)
    return re.sub(r"[^A-Za-z0-9-]+", "_", name) + f".{ending}"


async def _batches(queries: AttemptQueries, wanted: Filter) -> AsyncIterator[Sequence[Attempt]]:
    """The attempts, oldest first, some at a time."""
    cursor = FROM_OLDEST
    while True:
        page = await queries.attempts(wanted, cursor, MAX_LIMIT)
        yield page.items[::-1]
        if page.newer is None:
            return
        cursor = page.newer


async def csv_parts(queries: AttemptQueries, wanted: Filter) -> AsyncIterator[bytes]:
    """The CSV file, part by part."""
    text = io.StringIO(BYTE_ORDER_MARK, newline="")
    text.seek(0, io.SEEK_END)
    writer = csv.DictWriter(text, CSV_COLUMNS)
    writer.writeheader()
    async for attempts in _batches(queries, wanted):
        writer.writerows(cells_of(attempt) for attempt in attempts)
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()


async def json_lines_parts(queries: AttemptQueries, wanted: Filter) -> AsyncIterator[bytes]:
    """The JSON Lines file, part by part."""
    async for attempts in _batches(queries, wanted):
        lines = (visible_json(attempt.model_dump_json()) for attempt in attempts)
        yield "".join(f"{line}\n" for line in lines).encode()


async def parquet_parts(
    queries: AttemptQueries, wanted: Filter, rows_in_a_group: int = ROWS_IN_A_GROUP
) -> AsyncIterator[bytes]:
    """The Parquet file: a part for each row group, then its foot."""
    from pyarrow.parquet import ParquetWriter  # takes half a second, and most requests need none

    sink, schema = Sink(), parquet_schema()
    rows: list[dict[str, object]] = []
    with ParquetWriter(sink, schema, compression="zstd") as writer:
        async for attempts in _batches(queries, wanted):
            rows += map(parquet_row, attempts)
            if len(rows) >= rows_in_a_group:
                await asyncio.to_thread(_write_group, writer, rows, schema)
                rows = []
                yield sink.take()
        if rows:
            await asyncio.to_thread(_write_group, writer, rows, schema)
    yield sink.take()


def parquet_schema() -> pa.Schema:
    """The columns of the CSV with their types."""
    import pyarrow as pa

    types = {
        "control": pa.bool_(),
        "number": pa.int32(),
        "first_dates": pa.list_(pa.date32()),
        "slot_count": pa.int32(),
        "facts": pa.map_(pa.string(), pa.string()),
        "started_at": pa.timestamp("ms", "UTC"),
        "seconds": pa.float64(),
        "last_status": pa.int32(),
    }
    return pa.schema([(name, types.get(name, pa.string())) for name in CSV_COLUMNS])


def parquet_row(attempt: Attempt) -> dict[str, object]:
    """A row of the CSV, with lists, facts and instants as themselves."""
    return csv_row(attempt) | {
        "first_dates": list(attempt.first_dates),
        "facts": list(attempt.facts.items()),
        "started_at": attempt.started_at,
    }


def _write_group(writer: Any, rows: list[dict[str, object]], schema: pa.Schema) -> None:
    import pyarrow as pa

    writer.write_table(pa.Table.from_pylist(rows, schema), row_group_size=len(rows))


class Sink(io.RawIOBase):
    """A file that is only written on and on, and from which what was written is taken away."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._position = 0

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any) -> int:
        """Keep these bytes until they are taken."""
        part = bytes(data)
        self._parts.append(part)
        self._position += len(part)
        return len(part)

    def tell(self) -> int:
        """All that was ever written, in bytes."""
        return self._position

    def take(self) -> bytes:
        """What was written since this was asked last."""
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken
