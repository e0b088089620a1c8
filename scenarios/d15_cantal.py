"""Cantal (15), Aurillac. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="15",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.rdv.cantal.gouv.fr/booking/create/764",
    control=True,
)
