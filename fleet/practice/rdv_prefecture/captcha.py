"""The captcha's code and its picture: a few digits on a striped ground, as a PNG."""

from __future__ import annotations

import secrets
import struct
import zlib

WIDTH, HEIGHT = 250, 50
_SCALE = 5
_DIGITS = (
    ("01110", "10001", "10011", "10101", "11001", "10001", "01110"),
    ("00100", "01100", "00100", "00100", "00100", "00100", "01110"),
    ("01110", "10001", "00001", "00110", "01000", "10000", "11111"),
    ("11111", "00010", "00100", "00010", "00001", "10001", "01110"),
    ("00010", "00110", "01010", "10010", "11111", "00010", "00010"),
    ("11111", "10000", "11110", "00001", "00001", "10001", "01110"),
    ("00110", "01000", "10000", "11110", "10001", "10001", "01110"),
    ("11111", "00001", "00010", "00100", "01000", "01000", "01000"),
    ("01110", "10001", "10001", "01110", "10001", "10001", "01110"),
    ("01110", "10001", "10001", "01111", "00001", "00010", "01100"),
)


def new_code() -> str:
    """Six digits that only the site knows."""
    return f"{secrets.randbelow(10**6):06d}"


def picture(code: str) -> bytes:
    """The PNG that shows `code` to a person."""
    rows = [
        bytearray(205 if (x + 2 * y) % 11 < 3 else 238 for x in range(WIDTH)) for y in range(HEIGHT)
    ]
    for place, digit in enumerate(code):
        left, top = 14 + place * 39, 6 + (3 * place) % 8
        for y, line in enumerate(_DIGITS[int(digit)]):
            for x, dot in enumerate(line):
                if dot == "1":
                    for row in rows[top + y * _SCALE : top + (y + 1) * _SCALE]:
                        start = left + x * _SCALE
                        row[start : start + _SCALE] = bytes((64,)) * _SCALE
    body = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows), 9)
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0)  # eight bits of grey
    chunks = _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
