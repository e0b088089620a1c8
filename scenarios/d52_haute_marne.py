"""Haute-Marne (52), Chaumont. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="52",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.haute-marne.gouv.fr/booking/create/9912",
    control=True,
)
