"""What the pages read from: one value, made by `fleet serve`, reached from every request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet.web.proxies import Proxies

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from cryptography.x509 import Certificate
    from starlette.requests import Request

    from fleet.browser.page import PageSource
    from fleet.catalog.loader import Catalog
    from fleet.ledger.signing import SigningKey
    from fleet.models import Scenario
    from fleet.models.browser_build import BrowserBuild
    from fleet.models.seen_working import SeenWorking, SeenWorkingFile
    from fleet.storage.queries import AttemptQueries
    from fleet.storage.store import Store


@dataclass(frozen=True, slots=True)
class WebContext:
    """
    The store, its browse queries and the catalogue.

    `scenarios` are by id, as they are now (`use`); attempts of others may be stored. `made_up`
    says that the data are of practice prefectures or seeded, which every page then shows.
    `data_dir` is a folder for what can be made again (thumbnails). `members_only`: the pages
    are for those who have an account (`FLEET_READING`). `roots` are certificates of timestamp
    authorities that are believed; `key` signs dossiers, where it lies here. `chromium` opens what
    prints dossiers; None where there is no Chromium. `browser_build` says how old that is.
    `contact` is the fleet's address, which a dossier names. `public_url` is where readers find
    these pages; `problems` are scenario files that could not be read, `away` holds why the folder
    of all of them gives nothing at the moment, if it does not. `proxies` are those that the
    pages stand behind. `seen_working` says of flows when their scenarios, as they are now, were
    seen working on the real site.
    """

    store: Store
    queries: AttemptQueries
    scenarios: dict[str, Scenario]
    made_up: bool
    data_dir: Path
    members_only: bool = False
    roots: Sequence[Certificate] = ()
    key: SigningKey | None = None
    chromium: Callable[[], AbstractAsyncContextManager[PageSource]] | None = None
    browser_build: Callable[[], BrowserBuild | None] = lambda: None
    contact: str | None = None
    public_url: str | None = None
    problems: list[str] = field(default_factory=list)
    away: list[str] = field(default_factory=list)
    proxies: Proxies = field(default_factory=Proxies)
    seen_working: dict[str, SeenWorking] = field(default_factory=dict)

    def use(self, catalogue: Catalog, seen: SeenWorkingFile | None = None) -> None:
        """From now on these scenarios; of files that cannot be read the name, not the folder."""
        self.scenarios.clear()
        self.scenarios.update({s.id: s for s in catalogue.scenarios})
        found = [seen.of(each.id, each.version) for each in catalogue.scenarios] if seen else []
        self.seen_working.clear()
        self.seen_working.update({each.flow: each for each in found if each is not None})
        self.problems[:] = [
            f"{p.path.name}: {p.problem.replace(f'{p.path.parent}/', '')}"
            for p in catalogue.problems
        ]

    def title(self, scenario_id: str) -> str:
        """What a flow is for, in French; its slug if its scenario is gone."""
        scenario = self.scenarios.get(scenario_id)
        return scenario.title if scenario else scenario_id.partition("/")[2].replace("-", " ")


def context_of(request: Request) -> WebContext:
    """The context of the application that serves the request."""
    found: WebContext = request.app.state.context
    return found
