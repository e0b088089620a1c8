"""Calvados (14), Caen. Not yet seen working from here."""

from fleet.families import bookingserver, demarches_simplifiees

FORM = "https://www.demarches-simplifiees.fr/commencer"
FORMS = (
    (
        "point-d-accueil-numerique",
        "demande-rdv-pan-sejour-pref14",
        "Rendez-vous au point d'accueil numérique du bureau du séjour",
    ),
    (
        "protection-temporaire-ukraine",
        "pre-demande-en-ligne-premiere-demande-ou-renouvellement-d-une-aps-protection-temporaire"
        "-ukraine",
        "Protection temporaire (Ukraine) : première demande ou renouvellement d'une APS",
    ),
    (
        "recepisse-renouvellement",
        "pre-demande-en-ligne-renouvellement-d-un-recepisse",
        "Renouvellement d'un récépissé de demande de titre de séjour",
    ),
    (
        "parent-d-enfant-malade",
        "pref14-parentdenfantmalade",
        "Titre de séjour : parent d'enfant malade",
    ),
    (
        "premiere-demande-visa-d",
        "pref14-premieredemande-visad",
        "Première demande de titre de séjour avec un visa D",
    ),
    (
        "etudiant-autre-situation",
        "pref14-sejour-etudiant-autre-etablissement",
        "Carte de séjour « étudiant » : autre situation",
    ),
    (
        "premiere-demande-autres-situations",
        "pref14-titredesejour-autressituations",
        "Première demande de titre de séjour : autres situations",
    ),
    (
        "changement-de-statut",
        "pref14-titredesejour-changementdestatut",
        "Titre de séjour : changement de statut",
    ),
    (
        "jeune-majeur-entre-avant-13-ans",
        "pref14-titredesejour-entreeavant13ans",
        "Première demande : jeune majeur entré en France avant l'âge de 13 ans",
    ),
    (
        "etranger-malade",
        "pref14-titredesejour-etrangermalade",
        "Première demande de titre de séjour « étranger malade »",
    ),
    (
        "titre-de-sejour-renouvellement",
        "pref14-titredesejour-renouvellement",
        "Renouvellement de titre de séjour et première demande de carte de résident",
    ),
    (
        "verification-avant-embauche",
        "verification-prealable-a-l-embauche-prefecture-du-calvados",
        "Vérification préalable à l'embauche",
    ),
)

sejour = [
    demarches_simplifiees.flow(department="14", flow=flow, title=title, url=f"{FORM}/{form}")
    for flow, form, title in FORMS
]

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="14",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.rdv.calvados.gouv.fr/booking/create/789",
    control=True,
)
