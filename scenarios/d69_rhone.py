"""Rhône (69), Lyon. Not yet seen working from here."""

from fleet.families import demarches_simplifiees, rdv_prefecture

# From a public checker of November 2025.
titre_de_sejour = rdv_prefecture.flow(
    department="69",
    flow="titre-de-sejour",
    title="Titre de séjour",
    url="https://www.rdv-prefecture.interieur.gouv.fr/rdvpref/reservation/demarche/9040/",
)

FORM = "https://www.demarches-simplifiees.fr/commencer"
FORMS = (
    (
        "aes-metiers-en-tension",
        "aes-metiers-en-tension-rhone",
        "Admission exceptionnelle au séjour : métiers en tension (L. 435-4)",
    ),
    (
        "recherche-d-emploi-ou-creation-d-entreprise",
        "pref-rhone-demande-titre-sejour-recherche-emploi",
        "Recherche d'emploi ou création d'entreprise : titulaires d'une carte « étudiant »",
    ),
    (
        "premiere-demande",
        "premiere-demande-titre-sejour-prefecture-rhone",
        "Première demande de titre de séjour, hors protection internationale",
    ),
    (
        "titre-de-sejour-renouvellement",
        "renouvellement-titre-de-sejour-prefecture-rhone",
        "Renouvellement d'un titre de séjour temporaire ou pluriannuel, hors ANEF",
    ),
)

sejour = [
    demarches_simplifiees.flow(department="69", flow=flow, title=title, url=f"{FORM}/{form}")
    for flow, form, title in FORMS
]
