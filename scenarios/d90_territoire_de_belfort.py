"""Territoire de Belfort (90), Belfort. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="90",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.territoire-de-belfort.gouv.fr/booking/create/16564",
    control=True,
)
