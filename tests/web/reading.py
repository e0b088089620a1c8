"""The pages with something on each of them, and the list of all their addresses."""

from __future__ import annotations

import io
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from PIL import Image

from fleet.evidence.sealing import seal
from fleet.evidence.verifier import Verifier
from fleet.ledger.signing import SigningKey
from fleet.ledger.timestamps import Authorities, roots_of
from fleet.models import Attempt, EvidenceFile, Run, Verdict, now
from fleet.practice.authority import PracticeAuthority
from fleet.storage.collections.observations import MAX_FLOW_WORDS, Observation, Sighting
from fleet.storage.collections.verification_log import Verification
from fleet.storage.store import Store
from fleet.web.uploads import uploaded_picture
from tests.web.conftest import Site, serving

FLOW = "63/titre-de-sejour"
LOST = "33/titre-de-sejour"
LONG = "mot-sans-aucune-espace-" * 20

PAGES = {
    "overview": "/",
    "prefecture": "/departement/63",
    "prefecture nobody measures": "/departement/23",
    "flow": f"/demarche/{FLOW}",
    "flow without visits": f"/demarche/{FLOW}?du=2020-01-01&au=2020-01-02",
    "attempt": "/tentative/{attempt}",
    "attempt with long words": "/tentative/{long}",
    "code of a page": "/tentative/{attempt}/html",
    "gallery": "/galerie",
    "gallery of groups": "/galerie?identiques=groupees",
    "empty gallery": "/galerie?verdict=timeout",
    "choice of what to compare": "/comparer?a={attempt}",
    "comparison": "/comparer?a={attempt}&b={other}",
    "seals": "/sceaux",
    "dossier form": f"/demarche/{FLOW}/dossier",
    "dossier form with a mistake": f"/demarche/{FLOW}/dossier?du=2999-01-01&au={LONG}",
    "status": "/etat",
    "status without such flows": "/etat?etat=closed&departement=01",
    "search": "/recherche?q=titre",
    "search without an answer": "/recherche?q=nowhere",
    "runs": "/visites",
    "run that goes on": "/visites/{run}",
    "care": "/a-soigner",
    "installation": "/installation",
    "method": "/methode",
    "data": "/donnees",
    "API": "/api/docs",
    "observations": "/observations",
    "observation": "/observations/{observation}",
    "framed flow": f"/integrer/{FLOW}",
    "sign-in": "/connexion",
    "nothing": "/nulle-part",
    "nonsense": "/galerie?heure=24",
}
"""Every page that anybody can open, by name; what stands in braces is a field of `Reading`."""

FOR_MEMBERS = {
    "observation form": "/observations/nouvelle",
    "own observation": "/observations/{observation}",
    "own account": "/compte",
    "new second factor": "/compte/second-facteur",
    "accounts": "/comptes",
}


@dataclass(frozen=True)
class Reading:
    """A running application with two more beside it, and ids of what it shows."""

    url: str
    locked_url: str
    session: str
    attempt: str
    long: str
    other: str
    run: str
    observation: str

    def address(self, page: str, language: str = "fr") -> str:
        """The whole address of a page in a language."""
        ids = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return self.url + ("/en" if language == "en" else "") + page.format(**ids)


def screenshot() -> bytes:
    """What somebody may have sent."""
    written = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((700, 500)).save(written, "PNG")
    return written.getvalue()


async def _copied(site: Site, store: Store) -> None:
    """All attempts of `site` with their files."""
    for each in site.attempts:
        files = [
            EvidenceFile(evidence=e, content=await site.library.store.evidence(e.sha256))
            for e in each.evidence
        ]
        await store.attempts.add(each, files)


def _like(attempt: Attempt, **changes: object) -> Attempt:
    return attempt.model_copy(update={"id": uuid.uuid4().hex, **changes})


async def _observed(store: Store) -> Observation:
    kept = await uploaded_picture(screenshot())
    seen = Observation(
        id=uuid.uuid4().hex,
        author="Claire D.",
        added_at=now(),
        seen_at=now() - timedelta(hours=3),
        department="63",
        flow_words=LONG[:MAX_FLOW_WORDS],
        seen=Sighting.NO_SLOTS,
        note=f"Trois essais, toujours rien.\n{LONG}",
        original_sha256="0" * 64,
        original_size_bytes=1,
        sha256=kept.sha256,
        size_bytes=len(kept.picture),
        width=kept.width,
        height=kept.height,
    )
    await store.observations.add(seen, kept.picture, kept.small)
    return seen


@asynccontextmanager
async def reading(site: Site, mongodb_url: str, folder: Path) -> AsyncIterator[Reading]:
    """Everything there is to read: also what needs care, a run that goes on, long words."""
    async with await Store.open(mongodb_url, f"test_{uuid.uuid4().hex[:12]}_practice") as store:
        await _copied(site, store)
        lost = site.of(LOST)
        for number in (1, 2, 3):
            verdict = Verdict.UNRECOGNISED
            at = lost.started_at + number * timedelta(seconds=1)
            await store.attempts.add(
                _like(lost, verdict=verdict, group=verdict.group, started_at=at, detail=LONG), []
            )
        own = site.of(FLOW)
        at = own.started_at + timedelta(seconds=1)
        facts = {"places": LONG, "anything": LONG}
        long = _like(own, started_at=at, detail=LONG, signs=(LONG,), facts=facts, notes=(LONG,))
        await store.attempts.add(long.model_copy(update={"url": f"https://a.example/{LONG}"}), [])
        run = Run(
            id=own.run_id,
            started_at=now(),
            scenario_ids=(FLOW,),
            times=2,
            fleet_version="test",
            chromium_version=own.chromium_version,
        )
        await store.runs.keep(run)
        async with PracticeAuthority(folder / "authority") as authority:
            authorities = Authorities((authority.url,), tuple(roots_of(authority.roots)))
            await seal(store.ledger, SigningKey.of(folder / "key.pem"), authorities)
        report = await Verifier(store, authorities.roots).everything()
        ends = {"began_at": now(), "ended_at": now(), "fleet_version": "test", "last_seal": 1}
        await store.verifications.keep(Verification.of(report, kind="everything", **ends))
        nobody = "no hash: nobody signs in here"
        user = await store.accounts.add("Claire D.", nobody, administrator=True)
        observation = await _observed(store)
        library = replace(
            site.library,
            store=store,
            queries=store.queries,
            data_dir=folder,
            roots=authorities.roots,
            # nobody presses the button here
            chromium=lambda: nullcontext(None),  # type: ignore[arg-type]
        )
        async with (
            serving(library) as url,
            serving(replace(library, members_only=True)) as locked_url,
        ):
            yield Reading(
                url=url,
                locked_url=locked_url,
                session=await store.accounts.begin_session(user),
                attempt=own.id,
                long=long.id,
                other=site.of("94/titre-de-sejour").id,
                run=run.id,
                observation=observation.id,
            )
