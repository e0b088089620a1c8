"""A MongoDB client as the fleet wants it, and its driver's errors as those of the fleet."""

from __future__ import annotations

import contextlib
import re
import warnings
from typing import TYPE_CHECKING, Any

from bson.codec_options import DatetimeConversion
from bson.errors import InvalidDocument
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    InvalidURI,
    OperationFailure,
    PyMongoError,
)

from fleet.errors import BadInput, StoreNeverTakes, StoreRefused, StoreUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from motor.motor_asyncio import AsyncIOMotorDatabase

DOCUMENT_REFUSED = (121, 10334, 17280, 17419)
"""MongoDB's codes for a document that does not fit its validator, or is too large."""

DUPLICATE = 11000
"""Its code for a document that is there already."""

SELECT_S = 3.0
"""How long to look for a server before saying that there is none."""


def connect(url: str) -> AsyncIOMotorClient[dict[str, Any]]:
    """
    A client of that server; nothing is sent yet.

    Raises:
        BadInput: `url` is no MongoDB address.
    """
    # before pymongo reads it: what it cannot read it quotes, and that may be half a password
    user = re.match(r"[a-z+]+://(.*)@", url)
    if user and re.search("[/@?#]|:.*:|%(?![0-9A-Fa-f]{2})", user[1]):
        raise BadInput(
            "FLEET_MONGODB_URL: the characters / : @ ? # % in its user or password (and @ in its"
            " options) must be percent-encoded, such as %2F for /"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # an option that MongoDB does not know
            return AsyncIOMotorClient(
                url,
                serverSelectionTimeoutMS=int(SELECT_S * 1000),
                connectTimeoutMS=int(SELECT_S * 1000),
                socketTimeoutMS=30_000,
                # stored means on the disk of most servers: neither a killed mongod nor the loss
                # of a replica set's primary takes it back. Without `w`, `j` alone would mean one.
                w="majority",
                journal=True,
                appname="prefecture-fleet",
                uuidRepresentation="standard",
            )
    except (InvalidURI, ConfigurationError, ValueError, UserWarning) as exc:
        raise BadInput(
            f"FLEET_MONGODB_URL is not a MongoDB address: {' '.join(str(exc).split())}. Expected"
            " mongodb://user:password@host:27017/ or mongodb+srv://…"
        ) from exc


def lenient(db: AsyncIOMotorDatabase[dict[str, Any]]) -> AsyncIOMotorDatabase[dict[str, Any]]:
    """The same database, read as it is: a date or text that Python has no value for is no error."""
    options = db.codec_options.with_options(
        datetime_conversion=DatetimeConversion.DATETIME_AUTO,  # then it is milliseconds
        unicode_decode_error_handler="replace",
    )
    return db.with_options(codec_options=options)


@contextlib.contextmanager
def translated_errors(action: str) -> Iterator[None]:
    """Turn the driver's errors into ours, saying what could not be done and what to do."""
    try:
        yield
    except ConnectionFailure as exc:
        raise StoreUnreachable(
            f"could not {action}: no MongoDB answers ({_unreachable_servers(exc)})."
            " Check FLEET_MONGODB_URL and that the server runs"
        ) from exc
    except OperationFailure as exc:
        if exc.code in (13, 18):  # Unauthorized, AuthenticationFailed
            raise StoreUnreachable(
                f"could not {action}: MongoDB refuses the user of FLEET_MONGODB_URL"
                f" ({str(exc)[:200]})"
            ) from exc
        if exc.has_error_label("RetryableWriteError"):  # a primary that is none any more
            raise StoreUnreachable(
                f"could not {action}: MongoDB is electing another primary ({str(exc)[:200]});"
                " it is tried again"
            ) from exc
        if _is_document_refused(exc):
            raise StoreNeverTakes(
                f"could not {action}: MongoDB refuses the document ({str(exc)[:300]})"
            ) from exc
        raise StoreRefused(
            f"could not {action}: MongoDB refused ({str(exc)[:300]}). Is its disk full?"
        ) from exc
    except (InvalidDocument, OverflowError, UnicodeEncodeError) as exc:
        raise StoreNeverTakes(f"could not {action}: no document: {str(exc)[:300]}") from exc
    except PyMongoError as exc:
        raise StoreRefused(f"could not {action}: {str(exc)[:300]}") from exc


@contextlib.contextmanager
def but_duplicates() -> Iterator[None]:
    """Around a bulk write without order: documents that are there already are no error."""
    try:
        yield
    except BulkWriteError as exc:
        errors = (exc.details or {}).get("writeErrors", [])
        if not errors or any(error.get("code") != DUPLICATE for error in errors):
            raise


def _is_document_refused(exc: OperationFailure) -> bool:
    """Whether it is the document that is refused, whatever the state of the server."""
    if not isinstance(exc, BulkWriteError):
        return exc.code in DOCUMENT_REFUSED
    details = exc.details or {}
    codes = {error.get("code") for error in details.get("writeErrors", [])} - {DUPLICATE}
    return (
        bool(codes) and codes.issubset(DOCUMENT_REFUSED) and not details.get("writeConcernErrors")
    )


def _unreachable_servers(exc: ConnectionFailure) -> str:
    """The driver's words; where it names no server yet, those that it was looking for."""
    words = str(exc)
    if words.startswith("No servers found yet"):
        looked_for = dict.fromkeys(re.findall(r"\('([^']+)', (\d+)\)", words))
        servers = ", ".join(f"{host}:{port}" for host, port in looked_for)
        return f"{servers or 'no server'}: nothing within {SELECT_S:g} s"
    return words.split(" (configured")[0][:200]
