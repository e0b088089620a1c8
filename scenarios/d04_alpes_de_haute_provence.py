"""Alpes-de-Haute-Provence (04), Digne-les-Bains. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="04",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.alpes-de-haute-provence.gouv.fr/booking/create/12099",
    control=True,
)
