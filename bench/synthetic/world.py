"""
A made-up world for `bench.synthetic.seed`: what each flow would have answered, hour by hour.

Everything follows from a seed, a flow and an instant, so a larger database of the same seed and
the same last day holds the smaller one. None of it was measured; it is only shaped like what
the fleet meets: flows that never offer anything, slots let go in the night from Sunday to
Monday, captchas, outages with retries, flows that close, scenarios that are repaired.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple

from fleet.models import PARIS, Attempt, Evidence, Served, Verdict
from fleet.models.paris import day_start

NOTE = "made up by bench.seed; no site was visited"

PAGES: dict[str, tuple[str, str]] = {
    "start": ("Prise de rendez-vous", "Veuillez cocher la case pour accepter les conditions."),
    "slots": ("Choisissez votre créneau", "Lundi 09:00 · Lundi 09:20 · Mardi 10:40"),
    "no_slots": ("Vérification de disponibilité", "Il n'existe plus de plage horaire libre."),
    "closed": ("Rendez-vous", "Ce lien a été désactivé définitivement."),
    "captcha": ("Contrôle de sécurité", "Veuillez recopier le code de l'image."),
    "login_required": ("Connexion", "Identifiez-vous avec FranceConnect."),
    "blocked": ("403 Forbidden", "Request forbidden by administrative rules."),
    "rate_limited": ("429 Too Many Requests", "Veuillez réessayer plus tard."),
    "overload": ("Service surchargé", "Le service est momentanément surchargé."),
    "maintenance": ("Maintenance", "Le site est en maintenance."),
    "session_expired": ("Session", "Votre session a expiré."),
    "unrecognised": ("Nouvelle page", "Bienvenue sur le nouveau portail des usagers."),
}
"""What is on the pages of the pictures: a heading and a sentence."""

UNAVAILABLE = (
    Verdict.OVERLOAD,
    Verdict.MAINTENANCE,
    Verdict.SITE_DOWN,
    Verdict.TIMEOUT,
    Verdict.SESSION_EXPIRED,
)
ODD = (Verdict.BLOCKED, Verdict.RATE_LIMITED, Verdict.UNRECOGNISED, Verdict.CRASHED)

HABITS: dict[str, dict[str, float]] = {
    "control": {"often": 0.7, "rare": 0.2, "never": 0.1},
    "rdv_prefecture": {"captcha": 0.85, "never": 0.15},
    "demarches_simplifiees": {"login": 0.6, "closed": 0.4},
    "anef": {"login": 1},
    "other": {"never": 0.5, "sunday": 0.2, "rare": 0.2, "closed": 0.05, "often": 0.05},
}
OFFERS = {"often": 0.85, "rare": 0.06, "never": 0.0, "sunday": 0.002}

Document = dict[str, Any]


class Flow(NamedTuple):
    """What of a scenario is needed here, in another process."""

    id: str
    family: str
    version: str
    control: bool
    url: str


class Visit(NamedTuple):
    """One made-up attempt before it is written out."""

    flow: Flow
    at: datetime
    number: int
    run_id: str
    verdict: Verdict
    version: str
    due_at: datetime


class World:
    """What would have been seen of these flows."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def day(self, flows: list[Flow], day: date) -> list[Visit]:
        """The visits of a Paris day, one an hour for each flow and their retries, oldest first."""
        start, end = day_start(day), day_start(day + timedelta(days=1))
        hours = (end - start) // timedelta(hours=1)
        visits = [
            visit
            for flow in flows
            for hour in range(hours)
            for visit in self._chain(flow, start + timedelta(hours=hour))
        ]
        return sorted(visits, key=lambda visit: visit.at)

    def run_id(self, hour: datetime) -> str:
        """The id of the run that began then."""
        return hashlib.sha256(f"{self._seed} {hour.isoformat()}".encode()).hexdigest()[:32]

    def _chain(self, flow: Flow, hour: datetime) -> Iterator[Visit]:
        """One visit and its retries."""
        random = self._random(flow.id, hour.isoformat())
        at = hour + timedelta(milliseconds=random.randrange(50 * 60_000))
        run_id, due_at = self.run_id(hour), at
        version, broken = self._version(flow, hour)
        for number in (1, 2, 3):
            verdict = self._verdict(flow, at, broken, random)
            yield Visit(flow, at, number, run_id, verdict, version, due_at)
            if verdict not in UNAVAILABLE:
                return
            at += timedelta(seconds=30 * number + random.randrange(20), milliseconds=number)

    def _verdict(self, flow: Flow, at: datetime, broken: bool, random: Random) -> Verdict:
        outage = self._outage(flow.url.split("/")[2], at)
        if outage and random.random() < 0.95:
            return outage
        if broken:
            return Verdict.UNRECOGNISED
        odd = random.random()
        if odd < 0.015:
            return random.choice(UNAVAILABLE)
        if odd < 0.02:
            return random.choice(ODD)
        habit = self._habit(flow, at)
        if habit in ("closed", "captcha", "login"):
            return {"closed": Verdict.CLOSED, "captcha": Verdict.CAPTCHA}.get(
                habit, Verdict.LOGIN_REQUIRED
            )
        offered = OFFERS[habit]
        if habit == "sunday":
            paris = at.astimezone(PARIS)
            if (paris.weekday(), paris.hour) in ((6, 23), (0, 0), (0, 1)):
                offered = 0.75
        return Verdict.SLOTS if random.random() < offered else Verdict.NO_SLOTS

    @lru_cache(maxsize=100_000)  # noqa: B019  # one world lives as long as its process
    def _habit_of_season(self, flow: Flow, season: int) -> str:
        habits = HABITS[
            "control" if flow.control else flow.family if flow.family in HABITS else "other"
        ]
        usual = self._random(flow.id, "habit").choices([*habits], [*habits.values()])[0]
        rare = self._random(flow.id, "season", str(season)).random()
        return "closed" if rare < 0.03 else "captcha" if rare < 0.05 else usual

    def _habit(self, flow: Flow, at: datetime) -> str:
        """How a flow behaves in a season of six weeks."""
        return self._habit_of_season(flow, at.toordinal() // 42)

    @lru_cache(maxsize=100_000)  # noqa: B019
    def _outages(self, host: str, week: int) -> list[tuple[float, float, Verdict]]:
        """The hours of that week in which a host was down."""
        random = self._random(host, "week", str(week))
        if random.random() > 0.3:
            return []
        begins = random.uniform(0, 160)
        return [(begins, begins + random.uniform(0.5, 9), random.choice(UNAVAILABLE))]

    def _outage(self, host: str, at: datetime) -> Verdict | None:
        hours = at.timestamp() / 3600
        week, hour = int(hours // 168), hours % 168
        down = [verdict for a, b, verdict in self._outages(host, week) if a <= hour < b]
        return down[0] if down else None

    def _version(self, flow: Flow, at: datetime) -> tuple[str, bool]:
        """The scenario's version, and whether the site has just changed and nobody has looked."""
        return self._version_of_day(flow, at.toordinal())

    @lru_cache(maxsize=10_000)  # noqa: B019
    def _version_of_day(self, flow: Flow, ordinal: int) -> tuple[str, bool]:
        offset = int(self._random(flow.id, "offset").random() * 84)
        epoch, day = divmod(ordinal + offset, 84)
        version = hashlib.sha256(f"{flow.version} {epoch}".encode()).hexdigest()[:12]
        return version, day >= 82 and epoch % 2 == 0

    def _random(self, *of: str) -> Random:
        return Random(" ".join((str(self._seed), *of)))


class Writer:
    """Writes visits out as the documents that MongoDB keeps."""

    def __init__(self, seed: int, files: dict[str, list[Document]], fleet_version: str) -> None:
        self._seed = seed
        self._files = files  # by page: its evidence, as an attempt names it
        self._fleet_version = fleet_version
        self._templates: dict[tuple[str, Verdict], Document] = {}

    def document(self, visit: Visit) -> Document:
        """The attempt of a visit."""
        key = (visit.flow.id, visit.verdict)
        if key not in self._templates:
            self._templates[key] = self._template(visit.flow, visit.verdict)
        template = self._templates[key]
        made = f"{self._seed} {visit.flow.id} {visit.at.isoformat()} {visit.number}"
        name = hashlib.sha256(made.encode()).hexdigest()[:32]
        first_dates, slot_count = self._offer(visit, name)
        pages = [
            dict(each, at=visit.at + timedelta(seconds=n))
            for n, each in enumerate(template["served"])
        ]
        taken = visit.at + timedelta(seconds=3)
        return {
            **template,
            "_id": name,
            "run_id": visit.run_id,
            "scenario_version": visit.version,
            "number": visit.number,
            "started_at": visit.at,
            "due_at": visit.due_at,
            "seconds": 1 + int(name[:3], 16) / 500,
            "first_dates": [day.isoformat() for day in first_dates],
            "slot_count": slot_count,
            "served": pages,
            "evidence": [dict(each, taken_at=taken) for each in template["evidence"]],
        }

    def _offer(self, visit: Visit, name: str) -> tuple[list[date], int | None]:
        if visit.verdict is not Verdict.SLOTS:
            return [], None
        random = Random(name)
        slot_count = random.randrange(1, 40)
        if random.random() < 0.05:
            return [], slot_count
        day = visit.at.astimezone(PARIS).date()
        first = day + timedelta(days=min(int(random.expovariate(1 / 25)) + 1, 200))
        second = first + timedelta(days=random.randrange(1, 15))
        return ([first, second] if random.random() < 0.8 else [first]), slot_count

    def _template(self, flow: Flow, verdict: Verdict) -> Document:
        department, name = flow.id.split("/")
        shown = [page for page in ("start", verdict.value) if page in self._files]
        if verdict is Verdict.SITE_DOWN:
            shown = []
        never = datetime(2020, 1, 1, tzinfo=UTC)
        answer = PAGES.get(verdict.value, ("", ""))[1]
        status = {"overload": 503, "blocked": 403, "rate_limited": 429}.get(verdict.value, 200)
        made = Attempt(
            id="-",
            run_id="-",
            scenario_id=flow.id,
            scenario_version=flow.version,
            department=department,
            flow=name,
            control=flow.control,
            url=flow.url,
            ruleset="made-up",
            number=1,
            verdict=verdict,
            group=verdict.group,
            detail=f"text {answer!r} and url '*' at {flow.url}"
            if answer
            else f"{verdict} at {flow.url}",
            signs=(f"text {answer!r}", "url '*'") if answer else (),
            first_dates=(),
            slot_count=None,
            started_at=never,
            seconds=0,
            served=tuple(
                Served(
                    url=f"{flow.url}/{n}", status=status if n == len(shown) - 1 else 200, at=never
                )
                for n in range(len(shown))
            ),
            dialogs=(),
            notes=(NOTE,),
            evidence=tuple(
                Evidence(
                    step=step,
                    taken_at=never,
                    url=f"{flow.url}/{step}",
                    title=PAGES[page][0],
                    **file,
                )
                for step, page in enumerate(shown)
                for file in self._files[page]
            ),
            chromium_version="0.0.0.0",
            fleet_version=self._fleet_version,
        )
        return made.to_document()
