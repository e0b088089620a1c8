"""Landes (40), Mont-de-Marsan. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="40",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.rdv.landes.gouv.fr/booking/create/763",
    control=True,
)
