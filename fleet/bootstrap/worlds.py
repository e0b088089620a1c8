"""From settings: those of worlds apart from the real one, each with a database of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.settings import Settings

_PRACTICE = {
    "pause_s": 0.0,
    "retry_wait_s": 0.5,
    "answer_timeout_s": 4.0,
    "deadline_s": 30.0,
    "host_visits_per_hour": None,
    "mean_gap_minutes": 1.0,
    "min_gap_minutes": 0.2,
}


def for_practice(settings: Settings, scenarios: Path) -> Settings:
    """
    The settings of the practice world: own scenarios, own database, no waiting for politeness.

    What the environment sets stays, except that the scenarios are always those of the folder
    `scenarios` and that the database's name gets `_practice` behind it: made-up data cannot mix
    with real.
    """
    unset = {k: v for k, v in _PRACTICE.items() if k not in settings.model_fields_set}
    own = {
        "scenarios_dir": (scenarios,),
        "scenario_packages": False,
        "flows": (),
        "database": f"{settings.database}_practice",
    }
    return settings.model_copy(update={**unset, **own})


def for_trials(settings: Settings) -> Settings:
    """
    The same settings, with the database of trials: `fleet_trials`.

    What is visited to try a scenario is kept, and in no figure, seal, page or export.
    """
    name = settings.database.removesuffix("_trials").removesuffix("_practice")
    return settings.model_copy(update={"database": f"{name}_trials"})


def apart_from_real(settings: Settings) -> Settings:
    """The same settings, with the database of practice sites; those of a database apart as is."""
    if settings.database.endswith(("_practice", "_trials")):
        return settings
    return settings.model_copy(update={"database": f"{settings.database}_practice"})
