"""Essonne (91), Évry. Practice replica: slots on 7 of 100 visits."""

from fleet.families import bookingserver

titre_de_sejour = bookingserver.flow(
    department="91",
    flow="titre-de-sejour",
    title="Titre de séjour : dépôt d'une première demande ou d'un renouvellement",
    url="http://evry.localhost/booking/create/99101",
    planning="99111",
)
