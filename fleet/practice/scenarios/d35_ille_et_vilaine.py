"""Ille-et-Vilaine (35), Rennes. Practice replica: too many requests."""

from fleet.families import bookingserver

titre_de_sejour = bookingserver.flow(
    department="35",
    flow="titre-de-sejour",
    title="Titre de séjour : dépôt d'une première demande ou d'un renouvellement",
    url="http://rennes.localhost/booking/create/93501",
)
