"""Bas-Rhin (67), Strasbourg. Practice replica: a captcha before the answer."""

from fleet.families import bookingserver

titre_de_sejour = bookingserver.flow(
    department="67",
    flow="titre-de-sejour",
    title="Titre de séjour : dépôt d'une première demande ou d'un renouvellement",
    url="http://strasbourg.localhost/booking/create/96701",
)
