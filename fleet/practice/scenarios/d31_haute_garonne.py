"""Haute-Garonne (31), Toulouse. Practice replica: overloaded twice, then no slot."""

from fleet.families import bookingserver

titre_de_sejour = bookingserver.flow(
    department="31",
    flow="titre-de-sejour",
    title="Titre de séjour : dépôt d'une première demande ou d'un renouvellement",
    url="http://toulouse.localhost/booking/create/93101",
)
