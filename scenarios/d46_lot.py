"""Lot (46), Cahors. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="46",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.rdv.lot.gouv.fr/booking/create/825",
    control=True,
)
