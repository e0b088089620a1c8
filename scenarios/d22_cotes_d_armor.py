"""Côtes-d'Armor (22), Saint-Brieuc. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="22",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.cotes-darmor.gouv.fr/booking/create/18451",
    control=True,
)
