"""
A local replica of ESII eAppointment as Val-de-Marne used it, 2020 or before.

Facts come from the code of public checkers [B], from scripts of the site that public repositories
keep [V], or from inference [I]; none was seen by us on a live site.
"""

from fleet.practice.eappointment.flow import Appointment, AppointmentTrap, Motive
from fleet.practice.eappointment.site import AppointmentSite

__all__ = ["Appointment", "AppointmentSite", "AppointmentTrap", "Motive"]
