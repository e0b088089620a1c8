"""Pyrénées-Orientales (66), Perpignan. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="66",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.pyrenees-orientales.gouv.fr/booking/create/20835",
    control=True,
)
