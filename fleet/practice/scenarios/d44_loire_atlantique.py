"""Loire-Atlantique (44), Nantes. Practice replica: an account is demanded."""

from fleet.families import bookingserver

titre_de_sejour = bookingserver.flow(
    department="44",
    flow="titre-de-sejour",
    title="Titre de séjour : dépôt d'une première demande ou d'un renouvellement",
    url="http://nantes.localhost/booking/create/94401",
)
