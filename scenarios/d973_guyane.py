"""Guyane (973), Cayenne. Not yet seen working from here."""

from fleet.families import bookingserver

naturalisation = bookingserver.flow(
    department="973",
    flow="naturalisation",
    title="Naturalisation, dépôt papier au guichet",
    url="https://www.guyane.gouv.fr/booking/create/18974",
)
