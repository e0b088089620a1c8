"""
One page for one request: its language, its address in the other language, its template.

Templates get `page`: `page.t`, `page.day`, … say things in the page's language, `page.href`
keeps that language in every link.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import jinja2
from markupsafe import Markup
from starlette.responses import HTMLResponse

from fleet.models import PARIS, Group, Verdict, now
from fleet.models.paris import paris_day
from fleet.models.query import FIRST_DAY
from fleet.rendering import figure_words
from fleet.rendering.i18n import LANGUAGES, Language, Words
from fleet.rendering.labels import GROUPS, VERDICTS
from fleet.web.client_address import site_of
from fleet.web.context import context_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from starlette.requests import Request

PREFIX = "/en"


class PageContext(Words):
    """What a template needs to know of the request."""

    def __init__(self, request: Request) -> None:
        self.request = request
        language: Language = request.scope.get("fleet.language", "fr")
        super().__init__(language)

    @property
    def path(self) -> str:
        """The address's path without its language."""
        return str(self.request.scope.get("fleet.path", self.request.url.path))

    @property
    def french(self) -> Markup:
        """For the tag around what is said in French only, as what flows are for."""
        return Markup("" if self.language == "fr" else ' lang="fr"')

    @property
    def query(self) -> str:
        """The query with its question mark, or nothing."""
        return f"?{self.request.url.query}" if self.request.url.query else ""

    @property
    def address(self) -> str:
        """The whole address of this page, as whoever asked for it can ask again."""
        return f"{site_of(self.request)}{self.href(self.path)}{self.query}"

    @property
    def site(self) -> str:
        """The address of this site, without a slash at its end."""
        return site_of(self.request)

    @property
    def first_day(self) -> date:
        """Before this day nothing can have been measured."""
        return FIRST_DAY

    @property
    def today(self) -> date:
        """The day in Paris."""
        return paris_day(now())

    def href(self, path: str, **query: object) -> str:
        """An address of ours in the page's language; parameters that are None are left out."""
        given = {name: value for name, value in query.items() if value is not None}
        prefix = PREFIX if self.language == "en" else ""
        return prefix + path + (f"?{urlencode(given, doseq=True)}" if given else "")

    def with_query(self, **changes: object) -> str:
        """This page with other parameters; None takes one away."""
        parameters = {**dict(self.request.query_params), **changes}
        return self.href(self.path, **parameters)

    def other_language(self) -> tuple[Language, str, str]:
        """The other language: its code, its name, the address of this page in it."""
        other: Language = "fr" if self.language == "en" else "en"
        prefix = PREFIX if other == "en" else ""
        return other, LANGUAGES[other], f"{prefix}{self.path}{self.query}"

    def verdict(self, verdict: Verdict | str) -> str:
        """The name of a verdict for a reader."""
        return self.t(VERDICTS[Verdict(verdict)][0])

    def sentence(self, verdict: Verdict | str) -> str:
        """What a verdict means, in one sentence."""
        return self.t(VERDICTS[Verdict(verdict)][1])

    def group(self, group: Group | str) -> str:
        """What a group of verdicts is called."""
        return self.t(GROUPS[Group(group)])

    def render(
        self,
        template: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> HTMLResponse:
        """The answer to the request."""
        context = context_of(self.request)
        text = (
            environment()
            .get_template(template)
            .render(page=self, context=context, made_up=context.made_up, **values)
        )
        return HTMLResponse(text, status_code=status, headers=dict(headers or {}))


def escape_bidi(text: str) -> str:
    """`text` with those marks written out that would make it read in another order."""
    return re.sub("[\u202a-\u202e\u2066-\u2069]", lambda m: f"[U+{ord(m[0]):04X}]", text)


@cache
def environment() -> jinja2.Environment:
    """The templates; what they show is escaped, and a missing value is an error."""
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("fleet.web", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals["Verdict"] = Verdict
    found.globals["Group"] = Group
    found.globals["said"] = figure_words
    found.filters["escape_bidi"] = escape_bidi
    found.filters["paris"] = lambda instant: instant.astimezone(PARIS)
    return found
