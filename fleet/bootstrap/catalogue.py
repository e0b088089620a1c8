"""From settings: the scenarios that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.catalog.follower import CatalogFollower

if TYPE_CHECKING:
    from fleet.catalog.loader import Catalog
    from fleet.settings import Settings


def follower_of(settings: Settings) -> CatalogFollower:
    """The catalogue of the settings' folders and of installed packages, as files change."""
    return CatalogFollower(*settings.scenarios_dir, packages=settings.scenario_packages)


def catalogue_of(settings: Settings) -> Catalog:
    """
    The catalogue of the settings' folders and of installed packages, as it is now.

    Raises:
        BadInput: no folder exists, or none can be read.
    """
    return follower_of(settings).read()


def places_of(settings: Settings) -> str:
    """The settings' folders, for messages."""
    return ", ".join(map(str, settings.scenarios_dir))
