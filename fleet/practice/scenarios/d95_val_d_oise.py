"""Val-d'Oise (95), Cergy. Practice replica: a firewall's page, with status 200."""

from fleet.families import rdv_prefecture

titre_de_sejour = rdv_prefecture.flow(
    department="95",
    flow="titre-de-sejour",
    title="Titre de séjour : première demande",
    url="http://rdv-cergy.localhost/rdvpref/reservation/demarche/99501/",
)
