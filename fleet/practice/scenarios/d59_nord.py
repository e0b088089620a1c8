"""Nord (59), Lille. Practice replica: maintenance."""

from fleet.families import bookingserver

titre_de_sejour = bookingserver.flow(
    department="59",
    flow="titre-de-sejour",
    title="Titre de séjour : dépôt d'une première demande ou d'un renouvellement",
    url="http://lille.localhost/booking/create/95901",
)
