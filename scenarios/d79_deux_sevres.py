"""Deux-Sèvres (79), Niort. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="79",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.deux-sevres.gouv.fr/booking/create/23715",
    control=True,
)
