"""Marne (51), Châlons-en-Champagne. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="51",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.marne.gouv.fr/booking/create/15309",
    control=True,
)
