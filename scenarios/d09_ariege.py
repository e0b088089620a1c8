"""Ariège (09), Foix. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="09",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.ariege.gouv.fr/booking/create/2723",
    control=True,
)
