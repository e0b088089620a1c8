"""
A local replica of the ANEF's public home page.

Facts come from public tests of the portal [B], pages that explain it [V] or inference [I]; its
look and most of its markup are ours. None was seen by us on a live site.
"""

from fleet.practice.anef.flow import Portal, PortalState
from fleet.practice.anef.site import PortalSite

__all__ = ["Portal", "PortalSite", "PortalState"]
