"""Gers (32), Auch. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="32",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.gers.gouv.fr/booking/create/21616",
    control=True,
)
