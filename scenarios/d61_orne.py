"""Orne (61), Alençon. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="61",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.rdv.orne.gouv.fr/booking/create/702",
    control=True,
)
