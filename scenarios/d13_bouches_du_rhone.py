"""Bouches-du-Rhône (13), Marseille. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="13",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.bouches-du-rhone.gouv.fr/booking/create/25519",
    control=True,
)
