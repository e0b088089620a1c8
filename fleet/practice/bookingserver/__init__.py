"""
A local replica of the eZ Publish `bookingserver` booking sites.

Facts come from the code of public checkers [B], official pages [V] or inference [I]; none was
seen by us on a live site.
"""

from fleet.practice.bookingserver.forms import STEP_2_TRAPS, STEP_4_TRAPS, Form, Planning, Trap
from fleet.practice.bookingserver.site import BookingSite

__all__ = ["STEP_2_TRAPS", "STEP_4_TRAPS", "BookingSite", "Form", "Planning", "Trap"]
