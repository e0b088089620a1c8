"""Links out of docs/, as the site has them: to the repository if it has an address, else a name."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

from mkdocs.exceptions import PluginError

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(((?:\.\./)+[^)#\s]+)(#[^)\s]*)?\)")


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """
    The page with its links to other files of the repository made good.

    Raises:
        PluginError: there is no such file.
    """

    def good(found: re.Match[str]) -> str:
        words, target, anchor = found[1], found[2], found[3] or ""
        path = posixpath.normpath(
            posixpath.join("docs", posixpath.dirname(page.file.src_uri), target)
        )
        if path.startswith("docs/"):
            return found[0]  # mkdocs looks after it
        if not (ROOT / path).exists():
            raise PluginError(f"docs/{page.file.src_uri}: {target} is not in the repository")
        if config.repo_url:
            return f"[{words}]({config.repo_url.rstrip('/')}/blob/main/{path}{anchor})"
        return words if path in words else f"{words} (`{path}`)"

    return LINK.sub(good, markdown)
