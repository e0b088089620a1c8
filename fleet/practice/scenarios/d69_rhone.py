"""Rhône (69), Lyon. Practice replica: a 403 at the door."""

from fleet.families import bookingserver

titre_de_sejour = bookingserver.flow(
    department="69",
    flow="titre-de-sejour",
    title="Titre de séjour : dépôt d'une première demande ou d'un renouvellement",
    url="http://lyon.localhost/booking/create/96901",
)
