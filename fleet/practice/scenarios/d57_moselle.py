"""Moselle (57), Metz. Practice replica: a form that is closed."""

from fleet.families import demarches_simplifiees

titre_de_sejour = demarches_simplifiees.flow(
    department="57",
    flow="titre-de-sejour",
    title="Demande de rendez-vous : première demande de titre de séjour",
    url="http://demarches-simplifiees.localhost/commencer/entrainement-rdv-sejour-57",
)
