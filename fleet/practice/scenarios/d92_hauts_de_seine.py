"""Hauts-de-Seine (92), Nanterre. Practice replica: a 502 after the conditions."""

from fleet.families import bookingserver

titre_de_sejour = bookingserver.flow(
    department="92",
    flow="titre-de-sejour",
    title="Titre de séjour : dépôt d'une première demande ou d'un renouvellement",
    url="http://nanterre.localhost/booking/create/99201",
)
