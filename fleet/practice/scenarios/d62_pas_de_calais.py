"""Pas-de-Calais (62), Arras. Practice replica: a form that was replaced by another."""

from fleet.families import demarches_simplifiees

changement_de_statut = demarches_simplifiees.flow(
    department="62",
    flow="changement-de-statut",
    title="Demande de rendez-vous : changement de statut",
    url="http://demarches-simplifiees.localhost/commencer/entrainement-rdv-sejour-62",
)
