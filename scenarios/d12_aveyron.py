"""Aveyron (12), Rodez. Not yet seen working from here."""

from fleet.families import bookingserver

titre_de_sejour = bookingserver.flow(
    department="12",
    flow="titre-de-sejour",
    title="Rendez-vous titres de séjour",
    url="https://www.rdv.aveyron.gouv.fr/booking/create/717",
)

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="12",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.rdv.aveyron.gouv.fr/booking/create/751",
    control=True,
)
