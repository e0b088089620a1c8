"""Indre-et-Loire (37), Tours. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="37",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.indre-et-loire.gouv.fr/booking/create/13891",
    control=True,
)
