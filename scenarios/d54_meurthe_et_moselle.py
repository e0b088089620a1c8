"""Meurthe-et-Moselle (54), Nancy. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="54",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.meurthe-et-moselle.gouv.fr/booking/create/10557",
    control=True,
)
