"""Sarthe (72), Le Mans. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="72",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.rdv.sarthe.gouv.fr/booking/create/735",
    control=True,
)
