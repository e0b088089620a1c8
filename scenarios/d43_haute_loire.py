"""Haute-Loire (43), Le Puy-en-Velay. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="43",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.rdv.haute-loire.gouv.fr/booking/create/737",
    control=True,
)
