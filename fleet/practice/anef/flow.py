"""The ANEF's home page and the states it may be in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fleet.practice.flow import Flow

HOME = "/particuliers/"


class PortalState(StrEnum):
    """What a visitor finds. All but the first three are invented, to be survived."""

    USUAL = "usual"
    LATE = "late"
    MAINTENANCE = "maintenance"
    MAINTENANCE_IN_PORTAL = "maintenance_in_portal"
    MAINTENANCE_ANNOUNCED = "maintenance_announced"
    EMPTY_SHELL = "empty_shell"
    SCRIPT_LOST = "script_lost"
    API_DOWN = "api_down"
    OTHER_NAME = "other_name"
    LOGIN_IN_A_SENTENCE = "login_in_a_sentence"
    LOGIN_HIDDEN = "login_hidden"
    SENT_TO_LOGIN = "sent_to_login"
    LOGS_IN_BY_ITSELF = "logs_in_by_itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class Portal(Flow):
    """
    The home page, for one practice prefecture.

    Faults know the steps "home" (GET of the document) and "script" (GET of what fills it).
    """

    state: PortalState = PortalState.USUAL

    @property
    def path(self) -> str:
        """Path of the home page; the part after `#` never reaches a server."""
        return f"{HOME}#/"
