"""Nièvre (58), Nevers. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="58",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.rdv.nievre.gouv.fr/booking/create/713",
    control=True,
)
