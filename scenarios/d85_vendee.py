"""Vendée (85), La Roche-sur-Yon. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="85",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.rdv.vendee.gouv.fr/booking/create/773",
    control=True,
)
