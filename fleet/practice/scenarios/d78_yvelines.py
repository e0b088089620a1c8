"""Yvelines (78), Versailles. Practice replica: a captcha, and "no slot" in an example."""

from fleet.families import rdv_prefecture

titre_de_sejour = rdv_prefecture.flow(
    department="78",
    flow="titre-de-sejour",
    title="Titre de séjour : renouvellement",
    url="http://rdv-prefecture.localhost/rdvpref/reservation/demarche/97801/",
)
