"""Pyrénées-Atlantiques (64), Pau. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="64",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.pyrenees-atlantiques.gouv.fr/booking/create/15414",
    control=True,
)
