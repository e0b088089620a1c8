"""Vaucluse (84), Avignon. Not yet seen working from here."""

from fleet.families import bookingserver

titre_de_sejour_renouvellement = bookingserver.flow(
    department="84",
    flow="titre-de-sejour-renouvellement",
    title="Bureau de l'immigration et de l'asile : renouvellement de titre de séjour",
    url="https://www.rdv.vaucluse.gouv.fr/booking/create/1156",
)
