"""Somme (80), Amiens. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="80",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.somme.gouv.fr/booking/create/22859",
    control=True,
)
