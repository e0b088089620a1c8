"""Vaucluse (84), Avignon. Not yet seen working from here."""

from fleet.families import bookingserver

titre_de_sejour_renouvellement = bookingserver.flow(
    department="84",
    flow="titre-de-sejour-renouvellement",
    title="Bureau de l'immigration et de l'asile : renouvellement de titre de séjour",
    url="https://www.rdv.vaucluse.gouv.fr/booking/create/1156",
)

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="84",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.rdv.vaucluse.gouv.fr/booking/create/867",
    control=True,
)
