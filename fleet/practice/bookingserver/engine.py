"""
The booking engine: what a visitor gets at each step of `/booking/create/<id>`.

    GET 0 ─POST→ 1 (several plannings) ─POST→ ┬ 2   no slot
          ─POST (one planning)────────────→   ├ 3 ─POST /4→ 4   slots, `describes`
                                              └ 4   slots

Every POST is answered by a 302 and a GET. Steps, names of fields, texts and addresses are those
public checkers rely on [B]; that the form of step 3 posts to `/4` too [B]. Inferred [I]: step 0
without the ticked box comes back to step 0; an unknown session goes back to step 0. None was
seen by us on a live site. Steps 5 to 9 exist so that a robot that goes too far goes somewhere:
each of their requests is a tripwire.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from aiohttp import web

from fleet.practice.bookingserver import grid, traps
from fleet.practice.bookingserver.call import Call, FormProgress
from fleet.practice.bookingserver.forms import STEP_2_TRAPS, STEP_4_TRAPS, WEEK_TRAPS, Form, Trap
from fleet.practice.bookingserver.pages import FormPages
from fleet.practice.faults import Faults
from fleet.practice.journal import Journal
from fleet.practice.offers import PARIS, always
from fleet.practice.pages import found, html

BOOKING = re.compile(
    r"(?P<prefix>(?:/index\.php)?)(?P<print>(?:/layout/set/print)?)"
    r"/booking/create/(?P<id>\d+)(?:/(?P<step>\d)(?:/(?P<unix>\d+))?)?/?"
)

ASSIGN = re.compile(
    r"(?:/index\.php)?/ezjscore/call/bookingserver::planning::assign"
    r"::(?P<id>\d+)::(?P<planning>\d+)::(?P<offset>-?\d+)/?"
)


class Engine:
    """Answers booking requests; what changes is in the journal."""

    def __init__(
        self,
        pages: FormPages,
        journal: Journal,
        faults: Faults,
        clock: Callable[[], datetime],
    ) -> None:
        self._pages = pages
        self._journal = journal
        self._faults = faults
        self._clock = clock

    async def answer(self, call: Call) -> web.StreamResponse:
        """The answer to any method at any step."""
        instead = traps.instead_of_form(call, self._pages)
        if instead is not None:
            return instead
        if call.request.method == "POST":
            return await self._post(call)
        return await self._get(call)

    def slots(self, form: Form, planning_id: str | None, visit: int) -> Sequence[datetime]:
        """Free slots of a planning for that visit, by its offer and the form's traps."""
        planning = form.planning(planning_id)
        if planning is None or form.traps & STEP_2_TRAPS:
            return ()
        now = self._clock()
        slots = sorted(s for s in planning.offers(visit, now) if s > now)
        if not slots and form.traps & WEEK_TRAPS:
            return always(visit, grid.third_week(now) - timedelta(days=3))
        if not slots and form.traps & STEP_4_TRAPS:
            return always(visit, now)
        return slots

    def _after(self, call: Call) -> int:
        """The step that shows the answer."""
        if not self.slots(call.form, call.progress.planning, call.progress.visit):
            return 2
        return 3 if call.form.describes else 4

    async def _post(self, call: Call) -> web.Response:
        data = await call.request.post()
        progress, form = call.progress, call.form
        if "manageButton" in data:
            self._trip(call, "manageButton pressed")
            return html(self._page(call, "manage.html"))
        if progress.last == 4 and call.step <= 4:
            self._trip(call, "POST made from step 4")
            slots = self.slots(form, progress.planning, progress.visit)
            progress.slot = int(slots[0].timestamp()) if slots else None
            return found(call.at(6))
        if call.step == 0:
            return self._accept(call, bool(data.get("condition")))
        if call.step == 1:
            chosen = form.planning(str(data.get("planning", "")))
            if chosen is None:
                return found(call.at(1))
            progress.accepted, progress.planning = True, chosen.id
            return found(call.at(self._after(call)))
        if call.step == 2:
            return found(call.at(None))
        if call.step in (3, 4):
            if progress.last != 3:
                if call.step == 4:
                    self._trip(call, "POST to step 4 that does not come from step 3")
                return found(call.at(0))
            return found(call.at(4))
        return found(call.at({5: 6, 6: 8, 7: 8}.get(call.step, 9)))

    def _accept(self, call: Call, ticked: bool) -> web.Response:
        progress, form = call.progress, call.form
        if not ticked:
            return found(call.at(0))
        if Trap.SESSION_EXPIRED in form.traps:
            progress.notice = "Votre session a expiré. Veuillez recommencer votre demande."
            return found(call.at(0))
        progress.accepted = True
        if len(form.plannings) > 1:
            progress.planning = None
            return found(call.at(1))
        progress.planning = form.plannings[0].id
        return found(call.at(self._after(call)))

    async def _get(self, call: Call) -> web.StreamResponse:
        progress, step = call.progress, call.step
        elsewhere = self._elsewhere(call)
        if elsewhere is not None:
            return found(call.at(elsewhere))
        progress.last = step
        if step == 2:
            return await traps.step_2(call, self._pages, self._faults, self.example(call.form))
        values: dict[str, object] = {}
        if step == 0:
            values["notice"], progress.notice = progress.notice, ""
        if step == 4:
            slots = self.slots(call.form, progress.planning, progress.visit)
            values["planning"] = progress.planning
            early = call.form.traps & WEEK_TRAPS
            values["offset"] = 0 if early else grid.first_offset(slots, self._clock())
            values["slot"] = f"{call.at(5)}/{int(slots[0].timestamp())}"
        if step == 6 and progress.slot:
            chosen = datetime.fromtimestamp(progress.slot, PARIS)
            values["when"] = f"{grid.french_date(chosen.date())} à {chosen:%Hh%M}"
        return html(self._page(call, f"step{step}.html", **values))

    def _elsewhere(self, call: Call) -> int | None:
        """The step a GET is sent to instead of the one it asked for; None: it is served."""
        progress, step = call.progress, call.step
        if step == 0:
            return None
        if step == 1:
            return 0 if len(call.form.plannings) == 1 else None
        if step == 5:
            return self._select(call)
        if step == 7:
            return 8
        if step >= 6:
            return None if progress.slot else 0
        if not progress.accepted or progress.planning is None:
            return 0
        after = self._after(call)
        if after == 2 or step == 2:
            return None if step == after else after
        return None if step == 4 or after == 3 else 4

    def _select(self, call: Call) -> int:
        """GET /5/<unix>: to step 6 with the slot, back to step 4 if it is taken."""
        slots = self.slots(call.form, call.progress.planning, call.progress.visit)
        free = {int(slot.timestamp()) for slot in slots}
        if call.unix not in free or Trap.TAKEN_BETWEEN in call.form.traps:
            return 4
        call.progress.slot = call.unix
        return 6

    async def assign(
        self, form: Form, progress: FormProgress, match: re.Match[str]
    ) -> web.Response:
        """The fragment of the week grid, for the AJAX call of step 4."""
        if Trap.LATE_GRID in form.traps:
            await self._faults.wait(traps.LATE_GRID_S)
        slots = self.slots(form, match["planning"], progress.visit)
        if form.traps & traps.NEVER_FREE:
            slots = ()
        offset = int(match["offset"])
        if offset > 0:
            failure = await traps.next_week(form, self._faults)
            if failure is not None:
                return failure
        return html(self._grid(form, match["planning"], slots, traps.week_shown(form, offset)))

    def _grid(self, form: Form, planning: str, slots: Sequence[datetime], offset: int) -> str:
        week = grid.week(slots, self._clock(), max(0, offset))
        values = self._pages.form_values(form, "", printing=False, english=False)
        return self._pages.render("grid.html", week=week, planning=planning, **values)

    def example(self, form: Form) -> str:
        """A grid with free cells whatever the form offers, for `BOTH_ANSWERS`."""
        now = self._clock()
        slots = always(1, now)
        return self._grid(form, form.plannings[0].id, slots, grid.first_offset(slots, now))

    def _page(self, call: Call, template: str, **values: object) -> str:
        common = self._pages.form_values(call.form, call.prefix, call.printing, call.english)
        origin = f"http://{call.request.host}"
        return self._pages.render(
            template, **{**common, "step": call.step, "origin": origin, **values}
        )

    def _trip(self, call: Call, why: str) -> None:
        request = call.request
        self._journal.trip(request.host, request.method, request.path_qs, why)
