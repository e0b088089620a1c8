"""Seine-Maritime (76), Rouen. Not yet seen working from here."""

from fleet.families import bookingserver, demarches_simplifiees

CREATE = "https://www.seine-maritime.gouv.fr/booking/create"

# From a public checker of June 2022. The forms below may have replaced these calendars.
calendriers = [
    bookingserver.flow(department="76", flow=flow, title=title, url=f"{CREATE}/{number}")
    for flow, number, title in (
        ("regularisation", 47116, "Régularisation"),
        ("premiere-demande", 50382, "Premier titre de séjour"),
        ("titre-de-sejour-renouvellement", 50389, "Renouvellement de titre de séjour"),
        ("recepisse-retrait", 50416, "Retrait de récépissé"),
        ("titre-de-sejour-retrait", 50420, "Retrait de titre de séjour"),
        ("titres-de-voyage", 51406, "DCEM, titre de voyage, TIV"),
    )
]

FORM = "https://www.demarches-simplifiees.fr/commencer"
FORMS = (
    ("aes", "76-aes", "Admission exceptionnelle au séjour (L. 435-1)"),
    (
        "liens-personnels-et-familiaux",
        "76-lpf",
        "Régularisation : liens personnels et familiaux (L. 423-23)",
    ),
    (
        "rdv-recepisse-renouvellement",
        "rdv-rcs",
        "Prendre un rendez-vous : renouvellement de récépissé",
    ),
    (
        "ase-avant-16-ans-majeur",
        "76-313-11-2bis-majeurs",
        "Placé à l'ASE avant 16 ans (L. 423-22) : dans l'année de la majorité",
    ),
    (
        "ase-avant-16-ans-mineur",
        "76-313-11-2bis-mineurs",
        "Placé à l'ASE avant 16 ans (L. 423-22) : dans les 6 mois avant la majorité",
    ),
    (
        "ase-entre-16-et-18-ans-majeur",
        "76-313-15-majeurs",
        "Placé à l'ASE entre 16 et 18 ans (L. 435-3) : dans l'année de la majorité",
    ),
    (
        "ase-entre-16-et-18-ans-mineur",
        "76-313-15-mineurs",
        "Placé à l'ASE entre 16 et 18 ans (L. 435-3) : dans les 6 mois avant la majorité",
    ),
    (
        "aes-activite-solidaire",
        "76-aes-benevolat",
        "Admission exceptionnelle au séjour : activité solidaire, OACAS (L. 435-2)",
    ),
    (
        "enfant-malade",
        "76-enfant-malade",
        "Régularisation : représentant légal d'un enfant étranger malade",
    ),
    (
        "aes-metiers-en-tension",
        "aes-metiers-en-tension-435-4",
        "Admission exceptionnelle au séjour : métiers en tension (L. 435-4)",
    ),
    (
        "recepisse-enregistrement",
        "enregistrement-rcs-aps",
        "Enregistrement des récépissés et autorisations provisoires de séjour",
    ),
    (
        "visa-court-sejour-prolongation",
        "prolongation-de-visa",
        "Prolongation d'un visa de court séjour",
    ),
    (
        "rdv-immigration-familiale",
        "rdv-immigration-familiale",
        "Prendre un rendez-vous : titre de séjour « immigration familiale »",
    ),
    (
        "rdv-immigration-professionnelle",
        "rdv-immigration-professionnelle",
        "Prendre un rendez-vous : titre de séjour « immigration professionnelle »",
    ),
    (
        "rdv-retrait-de-titre",
        "retrait-titre-sejour",
        "Prendre un rendez-vous : retrait de titre de séjour ou de voyage",
    ),
    (
        "saisine-de-la-prefecture",
        "saisine-prefecture-etrangers",
        "Formulaire de saisine de la préfecture",
    ),
    (
        "verification-avant-embauche",
        "verification-prealable-embauche",
        "Vérification préalable à l'embauche d'un ressortissant étranger",
    ),
)

sejour = [
    demarches_simplifiees.flow(department="76", flow=flow, title=title, url=f"{FORM}/{form}")
    for flow, form, title in FORMS
]

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="76",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url=f"{CREATE}/19113",
    control=True,
)
