"""Hautes-Pyrénées (65), Tarbes. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="65",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.rdv.hautes-pyrenees.gouv.fr/booking/create/585",
    control=True,
)
