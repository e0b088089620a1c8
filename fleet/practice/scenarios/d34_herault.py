"""Hérault (34), Montpellier. Practice replica: slots from Monday 0:00 to 5:00 only."""

from fleet.families import bookingserver

titre_de_sejour = bookingserver.flow(
    department="34",
    flow="titre-de-sejour",
    title="Titre de séjour : dépôt d'une première demande ou d'un renouvellement",
    url="http://montpellier.localhost/index.php/booking/create/93401/0",
)
