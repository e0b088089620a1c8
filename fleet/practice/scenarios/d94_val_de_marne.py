"""Val-de-Marne (94), Créteil. Practice replica: the link is disabled."""

from fleet.families import bookingserver

titre_de_sejour = bookingserver.flow(
    department="94",
    flow="titre-de-sejour",
    title="Titre de séjour : dépôt d'une première demande ou d'un renouvellement",
    url="http://creteil.localhost/booking/create/99401",
)
