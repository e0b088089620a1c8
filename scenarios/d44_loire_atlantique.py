"""Loire-Atlantique (44), Nantes. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="44",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.loire-atlantique.gouv.fr/booking/create/20266",
    control=True,
)
