"""HTML that a flow's page offers to other sites."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet.web.templating import PageContext


def frame_code(page: PageContext, scenario_id: str, title: str) -> str:
    """HTML for another site's page that shows `framed` of a flow."""
    address = page.site + page.href(f"/integrer/{scenario_id}")
    return (
        f'<iframe src="{escape(address)}" title="{escape(title)}" width="420" height="330"'
        ' loading="lazy"></iframe>'
    )


def badge_code(page: PageContext, scenario_id: str, title: str) -> str:
    """HTML for another site's page that shows `badge` of a flow and leads to its page."""
    address = page.site + page.href(f"/demarche/{scenario_id}")
    picture = page.site + badge_address(page, scenario_id)
    return f'<a href="{escape(address)}"><img src="{escape(picture)}" alt="{escape(title)}"></a>'


def badge_address(page: PageContext, scenario_id: str) -> str:
    """Where the badge of a flow is in the page's language."""
    return f"/badge/{scenario_id}.svg" + ("?langue=en" if page.language == "en" else "")
