"""Manche (50), Saint-Lô. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="50",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.manche.gouv.fr/booking/create/34211",
    control=True,
)
