"""
A local replica of RDV-Préfecture, the ministry's national appointment site.

Addresses, captcha and calendar are those that public checkers rely on [B]; the calendar's parts
and sentences come from its own public source [V]; the look is ours. None was seen by us on a
live site.
"""

from fleet.practice.rdv_prefecture.flow import Demarche, DemarcheAnswer, DemarcheTrap
from fleet.practice.rdv_prefecture.site import DemarcheSite

__all__ = ["Demarche", "DemarcheAnswer", "DemarcheSite", "DemarcheTrap"]
