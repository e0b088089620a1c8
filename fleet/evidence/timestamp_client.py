"""Asks an authority for an RFC 3161 timestamp over HTTP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp
from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
)

from fleet.ledger.timestamps import NoTimestamp, _check_imprint, _decode, _is_trusted

if TYPE_CHECKING:
    from collections.abc import Sequence


ANSWER_S = 30.0

MAX_BYTES = 100_000
"""Tokens with their certificates take some 5,000."""


async def ask(url: str, content: bytes, roots: Sequence[x509.Certificate]) -> bytes:
    """
    A timestamp of these bytes by the authority at `url`: its answer, DER.

    Raises:
        NoTimestamp: it did not answer in `ANSWER_S`, refused, answered something else, or is
            signed by nobody whom these roots vouch for.
    """
    request = (
        TimestampRequestBuilder()
        .data(content)
        .hash_algorithm(HashAlgorithm.SHA256)
        .nonce(nonce=True)
        .cert_request(cert_request=True)
        .build()
    )
    try:
        answer = await _post(url, request.as_bytes())
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as exc:
        raise NoTimestamp(f"{url}: {type(exc).__name__} {str(exc)[:200]}".strip()) from exc
    response = _decode(url, answer)
    if response.tst_info.nonce != request.nonce:
        raise NoTimestamp(f"{url}: the answer is to another request (nonce)")
    _check_imprint(url, response, content)
    if not _is_trusted(response, content, roots):
        raise NoTimestamp(
            f"{url}: its answer leads to no root that is believed; put the authority's root"
            " certificate (PEM) into the file of FLEET_TIMESTAMP_ROOTS"
        )
    return answer


async def _post(url: str, request: bytes) -> bytes:
    async with (
        asyncio.timeout(ANSWER_S),
        aiohttp.ClientSession() as session,
        session.post(
            url, data=request, headers={"Content-Type": "application/timestamp-query"}
        ) as response,
    ):
        if response.status != 200:
            raise ValueError(f"HTTP status {response.status}")
        answer = b""
        async for chunk in response.content.iter_chunked(16_384):
            answer += chunk
            if len(answer) > MAX_BYTES:
                raise ValueError(f"more than {MAX_BYTES} bytes")
        return answer
