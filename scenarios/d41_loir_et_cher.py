"""Loir-et-Cher (41), Blois. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="41",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.loir-et-cher.gouv.fr/booking/create/11097",
    control=True,
)
