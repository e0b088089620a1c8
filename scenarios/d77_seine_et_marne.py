"""Seine-et-Marne (77), Melun, Torcy and Meaux. Not yet seen working from here."""

from fleet.families import bookingserver, demarches_simplifiees

CREATE = "https://www.seine-et-marne.gouv.fr/booking/create"

naturalisation_torcy = bookingserver.flow(
    department="77",
    flow="naturalisation-torcy",
    title="Naturalisation (déclaration), Torcy",
    url=f"{CREATE}/48803",
)

# Each named by one checker only, which does not say when.
titre_de_sejour_torcy = bookingserver.flow(
    department="77",
    flow="titre-de-sejour-torcy",
    title="Titre de séjour, Torcy",
    url=f"{CREATE}/23977",
)

formulaire_28153 = bookingserver.flow(
    department="77",
    flow="formulaire-28153",
    title="Formulaire 28153, objet non connu",
    url=f"{CREATE}/28153",
)

FORM = "https://www.demarches-simplifiees.fr/commencer"
FORMS = (
    (
        "parent-d-enfant-malade",
        "-premier-titre-de-sejour-pour-soins",  # sic
        "Autorisation provisoire de séjour : parent d'enfant étranger malade",
    ),
    (
        "changement-de-statut-etudiant",
        "demande-de-changement-de-statut-etudiant-a-vpf",
        "Changement de statut : d'étudiant à vie privée et familiale",
    ),
    (
        "premiere-demande-meaux",
        "demande-de-premier-titre-de-sejour-pour-les-usager",
        "Premier titre de séjour, arrondissement de Meaux",
    ),
    (
        "regularisation-par-le-travail",
        "depot-d-une-demande-de-titre-de-sejour-au-regard-d",
        "Titre de séjour : régularisation par le travail",
    ),
    (
        "contact-service-etrangers",
        "formulaire-de-contact-service-etranger",
        "Formulaire de contact du service des étrangers",
    ),
    (
        "recepisse-renouvellement-meaux",
        "renouvellement-d-un-recepisse-de-demande-de-titre-",  # sic
        "Renouvellement d'un récépissé délivré par la sous-préfecture de Meaux",
    ),
)

sejour = [
    demarches_simplifiees.flow(department="77", flow=flow, title=title, url=f"{FORM}/{form}")
    for flow, form, title in FORMS
]

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="77",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url=f"{CREATE}/29676",
    control=True,
)
