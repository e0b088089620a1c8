"""
A local replica of RDV Service Public, the appointment site that many administrations share.

Routes, sentences and elements come from the platform's public source, versions of 2023 to 2026
[V]; its look is ours. None was seen by us on a live site.
"""

from fleet.practice.rdv_service_public.flow import RdvMotif, RdvPlace, RdvTrap
from fleet.practice.rdv_service_public.site import RdvSite

__all__ = ["RdvMotif", "RdvPlace", "RdvSite", "RdvTrap"]
