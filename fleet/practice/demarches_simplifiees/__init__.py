"""
A local replica of Démarches simplifiées: forms that stand where calendars were.

Routes, sentences and elements come from the platform's public source, versions of 2019 to 2026
[V]; its look is ours. None was seen by us on a live site.
"""

from fleet.practice.demarches_simplifiees.flow import Procedure, ProcedureTrap
from fleet.practice.demarches_simplifiees.site import ProcedureSite

__all__ = ["Procedure", "ProcedureSite", "ProcedureTrap"]
