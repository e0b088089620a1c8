"""Gironde (33), Bordeaux. Practice replica: an answer in words that nobody knows."""

from fleet.families import bookingserver

titre_de_sejour = bookingserver.flow(
    department="33",
    flow="titre-de-sejour",
    title="Titre de séjour : dépôt d'une première demande ou d'un renouvellement",
    url="http://bordeaux.localhost/booking/create/93301",
)
