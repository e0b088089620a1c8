"""Meuse (55), Bar-le-Duc. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="55",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.meuse.gouv.fr/booking/create/9933",
    control=True,
)
