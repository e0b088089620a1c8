"""Lot-et-Garonne (47), Agen. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="47",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.rdv.lot-et-garonne.gouv.fr/booking/create/795",
    control=True,
)
