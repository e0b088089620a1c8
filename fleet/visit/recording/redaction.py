"""
Taking secrets out of a tape before anybody else sees it.

What goes: cookies, credentials and all headers but those that a replay needs; session ids in
addresses; values of hidden inputs, meta elements and script variables named like a token, a
captcha's number or a session; e-mail addresses; our own contact and network address where a page
repeats them; the port of a practice server. Each secret becomes a made-up value of the same
length and kind, the same one everywhere, so that what a page posts still matches the tape.

What a person wrote in plain words (an official's name) is not known from other text and stays:
read a tape of a real site before you publish it. Names of tokens are those of the platforms'
public pages and of public checkers [B], and the usual ones of web frameworks; none was seen by
this project on a live site.
"""

from __future__ import annotations

import hashlib
import html
import ipaddress
import json
import re
import string
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote, urlsplit

from fleet.visit.recording.tape import Headers, Tape, TapeEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

EMAIL = "adresse@example.fr"
CONTACT = "https://example.fr/contact"
ADDRESS_V4, ADDRESS_V6 = "192.0.2.1", "2001:db8::1"  # reserved for documentation (RFC 5737, 3849)

SHORTEST = 8
"""Characters of a value that is replaced wherever it stands; shorter ones are words and numbers."""

CERTAIN = 20
"""Characters from which a value without any digit is no word of the page either."""

KEPT_SENT = frozenset({"accept", "accept-language", "content-type", "user-agent"})
KEPT_ANSWERED = frozenset(
    {
        *("content-type", "content-disposition", "content-language", "location", "refresh"),
        *("retry-after", "x-frame-options", "content-security-policy", "referrer-policy"),
        *("x-content-type-options", "access-control-allow-origin", "cache-control", "server"),
        *("access-control-allow-credentials", "access-control-expose-headers", "date"),
        *("cross-origin-opener-policy", "cross-origin-embedder-policy", "timing-allow-origin"),
        *("cross-origin-resource-policy", "permissions-policy"),
    }
)
"""Headers that decide what a page is and does. Encodings and lengths are not those of a replay."""

_TOKEN_NAME = (
    r"[\w:.$-]{0,60}(?:token|csrf|xsrf|captchaid|vcid|sess(?:ion)?_?id|viewstate|nonce|ticket"
    r"|api_?key|secret|password)[\w:.$-]{0,60}"
)
_SESSION_NAME = re.compile(r"sess|sid\b|token|auth|csrf|xsrf|incap|cf_|ticket", re.IGNORECASE)
_TAG = re.compile(r"<(?:input|meta)\b[^<>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"(?<![\w:-])([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))")
_VARIABLE = re.compile(
    rf"(?<![\w:.$-]){_TOKEN_NAME}[\"']?\s*[:=]\s*(?:\\?[\"'])([^\"'\\\s<>]+)", re.IGNORECASE
)
_PARAMETER = re.compile(rf"(?:^|[?&;]){_TOKEN_NAME}=([^&;#?/\s\"'<>]+)", re.IGNORECASE)
_BEARER = re.compile(r"\bBearer\s+([\w.~+/=-]{8,})")
_JWT = re.compile(r"\beyJ[\w-]{8,1000}+\.[\w-]{8,}+\.[\w-]*")
_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}(@|%40|&#0*64;|&#x0*40;|\\u0040)(?:[a-z0-9-]{1,63}\.)+"
    r"(?!(?:png|jpe?g|gif|svg|webp|avif|css|m?js|json|woff2?|ttf|map)\b)[a-z]{2,24}(?![\w-]|\.\w)",
    re.IGNORECASE,
)
_OUR_CONTACT = re.compile(r"PrefectureFleet/\S{1,40} \(\+([^)]{1,500})\)")
_V4 = re.compile(r"(?<![\w./=-])(?:\d{1,3}\.){3}\d{1,3}(?![\w/-]|\.\d)")
_V6 = re.compile(r"(?<![\w:.])[0-9a-f:]{6,39}(?![\w:]|\.\d)", re.IGNORECASE)


def scrubbed(tape: Tape, cookies: Mapping[str, str]) -> Tape:
    """
    The tape without secrets.

    Args:
        cookies: value → name of every cookie that was sent or set during the visit.
    """
    return Scrubber(tape, cookies).tape()


class Scrubber:
    """What takes the secrets of one visit out of its tape, and out of what its pages showed."""

    def __init__(self, tape: Tape, cookies: Mapping[str, str]) -> None:
        found = {value for value, name in cookies.items() if _is_cookie_secret(name, value)}
        for entry in tape.entries:
            found |= _secrets_of(entry)
        made_up = {s: _made_up(s, number) for number, s in enumerate(sorted(found), 1)}
        for entry in tape.entries:
            for _, agent in (h for h in entry.sent if h[0].lower() == "user-agent"):
                if match := _OUR_CONTACT.search(agent):
                    made_up[match.group(1)] = CONTACT
        self._tape = tape
        self._replacing = _Replacing(made_up, _practice_host(tape.url) if tape.practice else None)

    def tape(self) -> Tape:
        """The tape without secrets."""
        tape, replacing = self._tape, self._replacing
        entries = tuple(map(replacing, tape.entries))
        return replace(tape, url=replacing.text(tape.url), entries=entries)

    def words(self, text: str) -> str:
        """A text of the visit without secrets, mail addresses and public IP addresses."""
        return without_addresses(self._replacing.text(text))


def without_addresses(text: str) -> str:
    """`text` with the public IP addresses replaced by those reserved for documentation."""
    text = _V4.sub(lambda m: ADDRESS_V4 if _is_public(m.group()) else m.group(), text)
    return _V6.sub(lambda m: ADDRESS_V6 if _is_public(m.group()) else m.group(), text)


class _Replacing:
    """Replaces in one entry; `host` is that of a practice server, whose port goes."""

    def __init__(self, made_up: Mapping[str, str], host: str | None) -> None:
        self._written = {
            written: new for old, value in made_up.items() for written, new in _forms(old, value)
        }
        longest_first = sorted(self._written, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")
        port = (host or "").partition(":")[2]
        loopback = r"(?:[\w-]+\.)*localhost|127\.0\.0\.1"
        self._port = re.compile(rf"({loopback})(?::|%3A){port}(?!\d)", re.IGNORECASE)
        self._has_port = bool(port)

    def __call__(self, entry: TapeEntry) -> TapeEntry:
        posted = None if entry.posted is None else self.text(entry.posted)
        problem = None if entry.problem is None else self.text(entry.problem)
        return replace(
            entry,
            url=self.text(entry.url),
            posted=posted,
            problem=problem,
            sent=self._headers(entry.sent, KEPT_SENT),
            headers=self._headers(entry.headers, KEPT_ANSWERED),
            body=self._body(entry),
        )

    def text(self, text: str) -> str:
        text = self._pattern.sub(lambda match: self._written[match.group()], text)
        if self._has_port:
            text = self._port.sub(r"\1", text)
        return _EMAIL.sub(lambda match: EMAIL.replace("@", match.group(1)), text)

    def _headers(self, headers: Headers, kept: frozenset[str]) -> Headers:
        return tuple((name, self.text(value)) for name, value in headers if name.lower() in kept)

    def _body(self, entry: TapeEntry) -> bytes:
        text = entry.text
        if text is None:
            content = entry.body.decode("latin-1")  # a byte is a character; replacing keeps lengths
            same = self._pattern.sub(lambda match: self._written[match.group()], content)
            return same.encode("latin-1", "replace")
        text = self.text(text)
        if entry.media_type == "text/html":
            text = without_addresses(text)
        return entry.saying(text).body


def _secrets_of(entry: TapeEntry) -> set[str]:
    """Values that the entry itself says are secret."""
    found: set[str] = set()
    for name, value in (*entry.sent, *entry.headers):
        if name.lower() in ("authorization", "proxy-authorization") or _names_token(name):
            found |= set(value.split())
        found |= {*_BEARER.findall(value), *_JWT.findall(value)}
    texts = (entry.url, entry.posted or "", entry.header("location"))
    for text in texts:
        found |= {unquote(value) for value in _PARAMETER.findall(text)}
        found |= set(_JWT.findall(text))
    body = entry.text or ""
    for tag in _TAG.findall(body):
        attributes = {
            name.lower(): html.unescape(double or single or bare)
            for name, double, single, bare in _ATTRIBUTE.findall(tag)
        }
        name = attributes.get("name") or attributes.get("id") or attributes.get("property") or ""
        if _names_token(name):
            found |= {attributes.get("value", ""), attributes.get("content", "")}
    found |= {*_VARIABLE.findall(body), *_BEARER.findall(body), *_JWT.findall(body)}
    found |= {unquote(html.unescape(value)) for value in _PARAMETER.findall(body)}
    return {value for value in found if _is_secret(value)}


def _names_token(name: str) -> bool:
    return re.fullmatch(_TOKEN_NAME, name, re.IGNORECASE) is not None


def _is_secret(value: str) -> bool:
    """Whether a value is no word or number that a page may say for another reason."""
    if len(value) < SHORTEST or value.startswith(("/", "http:", "https:")):
        return False
    if any(c in string.whitespace for c in value):
        return False
    return any(c.isdigit() for c in value) or len(value) >= CERTAIN


def _is_cookie_secret(name: str, value: str) -> bool:
    named = bool(_SESSION_NAME.search(name)) and len(value) >= SHORTEST
    return named or _is_secret(value)


def _made_up(secret: str, number: int) -> str:
    """A value of the same length: a digit for a digit, a letter for a letter, the rest as it is."""
    letters = {c for c in secret if c.isalpha() and c.isascii()}
    hexadecimal = bool(letters) and letters <= set("abcdefABCDEF")
    alphabet = "abcdef" if hexadecimal else string.ascii_lowercase
    stream = hashlib.shake_256(f"made up, number {number}".encode()).digest(len(secret))
    kinds: Mapping[str, Callable[[int], str]] = {
        "digit": lambda byte: string.digits[byte % 10],
        "lower": lambda byte: alphabet[byte % len(alphabet)],
        "upper": lambda byte: alphabet[byte % len(alphabet)].upper(),
    }

    def one(character: str, byte: int) -> str:
        if not character.isascii() or not character.isalnum():
            return character
        kind = "digit" if character.isdigit() else "lower" if character.islower() else "upper"
        return kinds[kind](byte)

    return "".join(map(one, secret, stream))


def _forms(old: str, new: str) -> Iterable[tuple[str, str]]:
    """How a value may be written in addresses, pages and scripts, with its replacement."""
    for write in (
        lambda s: s,
        lambda s: quote(s, safe=""),
        quote,
        quote_plus,
        html.escape,
        lambda s: json.dumps(s)[1:-1],
        lambda s: s.replace("/", "\\/"),
    ):
        yield write(old), write(new)


def _practice_host(url: str) -> str | None:
    parts = urlsplit(url)
    return parts.netloc if parts.port else None


def _is_public(written: str) -> bool:
    try:
        return ipaddress.ip_address(written).is_global
    except ValueError:
        return False
