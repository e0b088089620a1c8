"""
Practice prefectures: local replicas of the booking platforms, one package for each.

For tests, demonstrations and learning. Real texts, invented data, no appointment: every page
says « RÉPLIQUE DE TEST » (only the bodies of proxy errors do not, they are byte-faithful). Facts
come from the code of public checkers [B], official pages [V] or inference [I]; none was seen by
us on a live site.

    async with PracticeServer(PREFECTURES) as server:
        await page.goto(server.url(PREFECTURES[0]))
    assert not server.tripwires
"""

from fleet.practice.anef import Portal, PortalState
from fleet.practice.bookingserver import STEP_2_TRAPS, STEP_4_TRAPS, Form, Planning, Trap
from fleet.practice.demarches_simplifiees import Procedure, ProcedureTrap
from fleet.practice.eappointment import Appointment, AppointmentTrap, Motive
from fleet.practice.flow import Fault, FaultKind, Flow
from fleet.practice.journal import LoggedRequest, Tripwire
from fleet.practice.offers import (
    Offers,
    always,
    never,
    on_visits,
    released_at,
    sunday_night,
)
from fleet.practice.prefectures import PREFECTURES
from fleet.practice.rdv_prefecture import Demarche, DemarcheAnswer, DemarcheTrap
from fleet.practice.rdv_service_public import RdvMotif, RdvPlace, RdvTrap
from fleet.practice.server import PracticeServer, serve

__all__ = [
    "PREFECTURES",
    "STEP_2_TRAPS",
    "STEP_4_TRAPS",
    "Appointment",
    "AppointmentTrap",
    "Demarche",
    "DemarcheAnswer",
    "DemarcheTrap",
    "Fault",
    "FaultKind",
    "Flow",
    "Form",
    "LoggedRequest",
    "Motive",
    "Offers",
    "Planning",
    "Portal",
    "PortalState",
    "PracticeServer",
    "Procedure",
    "ProcedureTrap",
    "RdvMotif",
    "RdvPlace",
    "RdvTrap",
    "Trap",
    "Tripwire",
    "always",
    "never",
    "on_visits",
    "released_at",
    "serve",
    "sunday_night",
]
