"""Isère (38), Grenoble. Practice replica: a captcha before the answer."""

from fleet.families import rdv_prefecture

remise_de_titre = rdv_prefecture.flow(
    department="38",
    flow="remise-de-titre",
    title="Remise de titre de séjour",
    url="http://rdv-prefecture.localhost/rdvpref/reservation/demarche/93801/",
)
