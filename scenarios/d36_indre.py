"""Indre (36), Châteauroux. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="36",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.indre.gouv.fr/booking/create/16369",
    control=True,
)
