"""Calvados (14), Caen. Practice replica: a form, open, in the place of a calendar."""

from fleet.families import demarches_simplifiees

admission_exceptionnelle = demarches_simplifiees.flow(
    department="14",
    flow="aes",
    title="Demande de rendez-vous : admission exceptionnelle au séjour",
    url="http://demarches-simplifiees.localhost/commencer/entrainement-rdv-aes-14",
)
