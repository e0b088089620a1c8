"""Bouches-du-Rhône (13), Marseille. Practice replica: always slots, a slow calendar."""

from fleet.families import bookingserver

titre_de_sejour = bookingserver.flow(
    department="13",
    flow="titre-de-sejour",
    title="Titre de séjour : dépôt d'une première demande ou d'un renouvellement",
    url="http://marseille.localhost/booking/create/91301",
)
