"""One call of a form, and how far a session has come in it."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from fleet.practice.bookingserver.forms import Form, Trap


@dataclass(slots=True)
class FormProgress:
    """How far one session has come in one form. `last` is the step of the last page served."""

    visit: int
    last: int | None = None
    accepted: bool = False
    planning: str | None = None
    slot: int | None = None
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a booking step."""

    request: web.Request
    form: Form
    progress: FormProgress
    step: int
    prefix: str = ""
    printing: bool = False
    unix: int | None = None

    @property
    def english(self) -> bool:
        """Whether the English-locale trap bites."""
        first = self.request.headers.get("Accept-Language", "").strip().lower()
        return Trap.ENGLISH_LOCALE in self.form.traps and not first.startswith("fr")

    def at(self, step: int | None) -> str:
        """Address of another step, in the alias the visitor uses."""
        base = f"{self.prefix}/booking/create/{self.form.id}"
        return base if step is None else f"{base}/{step}"
