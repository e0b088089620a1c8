"""Drôme (26), Valence. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="26",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.rdv.drome.gouv.fr/booking/create/753",
    control=True,
)
