"""
Timestamps of authorities (RFC 3161): what a token says, checked against known roots.

An authority gets a hash and nothing else. What it answers is kept as it came, so that `openssl ts
-verify` can check it without us.
"""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import certifi
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client import (
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from fleet.errors import BadInput, FleetError

if TYPE_CHECKING:
    from collections.abc import Sequence


class NoTimestamp(FleetError):
    """An authority gave no token, or one that is of no use; the message says which and why."""


@dataclass(frozen=True, slots=True)
class TimestampInfo:
    """
    What a token says. `trusted`: its signature holds and leads to a root that is believed.

    If it is false, the token may be made up: another root is needed to tell.
    """

    at: datetime
    authority: str
    trusted: bool


@dataclass(frozen=True, slots=True)
class Authorities:
    """Where timestamps are asked for, and the roots that are believed."""

    urls: tuple[str, ...]
    roots: tuple[x509.Certificate, ...]


def read_token(answer: bytes, content: bytes, roots: Sequence[x509.Certificate]) -> TimestampInfo:
    """
    What an authority's answer says of these bytes.

    Raises:
        NoTimestamp: it is no timestamp of these bytes.
    """
    response = _decode("the token", answer)
    _check_imprint("the token", response, content)
    try:
        own = [x509.load_der_x509_certificate(c) for c in response.signed_data.certificates]
        at = response.tst_info.gen_time.astimezone(UTC)
        leaf = next((c for c in own if _is_authority(c)), own[0] if own else None)
        name = leaf.subject.rfc4514_string() if leaf else "unknown"
    # anybody may have written it: what its certificates hold is no error of ours
    except Exception as exc:
        raise NoTimestamp(f"the token: its certificates cannot be read: {exc}"[:300]) from exc
    return TimestampInfo(at, name, trusted=_is_trusted(response, content, roots))


def roots_of(path: Path | None) -> list[x509.Certificate]:
    """
    The roots that are believed: those that browsers believe (certifi), and those of a PEM file.

    Raises:
        BadInput: the file cannot be read or holds no certificate.
    """
    with warnings.catch_warnings():  # one of the world's roots has a serial number of zero
        warnings.simplefilter("ignore")
        certificates = x509.load_pem_x509_certificates(Path(certifi.where()).read_bytes())
    if path is None:
        return certificates
    try:
        return certificates + x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as exc:
        raise BadInput(
            f"FLEET_TIMESTAMP_ROOTS: {path}: {exc}. Expected a file of certificates in PEM"
        ) from exc


def _decode(who: str, answer: bytes) -> TimeStampResponse:
    try:
        response = decode_timestamp_response(answer)
        if response.status not in (0, 1):
            reason = ", ".join(response.status_string or []) or f"status {response.status}"
            raise NoTimestamp(f"{who}: refused: {reason[:200]}")
        response.tst_info.gen_time  # noqa: B018 (an answer without a token raises here)
    except ValueError as exc:
        raise NoTimestamp(f"{who}: no RFC 3161 answer: {str(exc)[:200]}") from exc
    return response


def _check_imprint(who: str, response: TimeStampResponse, content: bytes) -> None:
    if response.tst_info.message_imprint.message != hashlib.sha256(content).digest():
        raise NoTimestamp(f"{who}: it is a timestamp of something else")


def _is_trusted(
    response: TimeStampResponse, content: bytes, roots: Sequence[x509.Certificate]
) -> bool:
    builder = VerifierBuilder()
    for root in dict.fromkeys(roots):
        builder = builder.add_root_certificate(root)
    try:
        return builder.build().verify_message(response, content)
    except (VerificationError, ValueError):
        return False


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return ExtendedKeyUsageOID.TIME_STAMPING in usages
