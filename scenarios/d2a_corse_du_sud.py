"""Corse-du-Sud (2A), Ajaccio. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="2A",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.rdv.corse-du-sud.gouv.fr/booking/create/742",
    control=True,
)
