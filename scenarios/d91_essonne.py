"""Essonne (91), Évry-Courcouronnes. Not yet seen working from here."""

from fleet.families import bookingserver, demarches_simplifiees, rdv_prefecture

CREATE = "https://www.essonne.gouv.fr/booking/create"
NATURALISATION = f"{CREATE}/23014"
PORTES = {"1": "23018", "2": "23198", "3": "23199", "4": "23200", "5": "23201"}

naturalisation = [
    bookingserver.flow(
        department="91",
        flow=f"naturalisation-porte-{porte}",
        title=f"Naturalisation, porte {porte}",
        url=NATURALISATION,
        planning=planning,
    )
    for porte, planning in PORTES.items()
]

# From public checkers (13185: of 2019), which do not say what they are for.
formulaires = [
    bookingserver.flow(
        department="91",
        flow=f"formulaire-{number}",
        title=f"Formulaire {number}, objet non connu",
        url=f"{CREATE}/{number}",
        planning=planning,
    )
    for number, planning in ((13185, "14167"), (14056, "15992"))
]

# From public checkers of 2025–2026; 2085, 2201 and 2220 are named by one only.
demarches = [
    rdv_prefecture.flow(
        department="91",
        flow=flow,
        title=title,
        url=f"https://www.rdv-prefecture.interieur.gouv.fr/rdvpref/reservation/demarche/{number}/",
    )
    for flow, number, title in (
        ("naturalisation", 2085, "Naturalisation"),
        ("remise-de-titre-guichet-1", 2200, "Remise de titre de séjour, guichet 1"),
        ("biometrie", 2201, "Biométrie"),
        ("remise-de-titre-guichet-2", 2220, "Remise de titre de séjour, guichet 2"),
        ("remise-de-titre-palaiseau-1", 2246, "Remise de titre de séjour, Palaiseau, hall A"),
        ("remise-de-titre-palaiseau-2", 2282, "Remise de titre de séjour, Palaiseau, hall A (2)"),
    )
]

FORM = "https://www.demarches-simplifiees.fr/commencer"
FORMS = (
    ("jeune-majeur-ase", "essonne-ase", "Première demande : jeune majeur pris en charge par l'ASE"),
    (
        "visa-court-sejour-prolongation",
        "essonne-covid-prolongationvisa",
        "Prolongation d'un visa de court séjour, motifs exceptionnels et humanitaires",
    ),
    ("jeune-majeur-evry", "jeune-majeur-evry", "Première demande : jeune majeur, Évry"),
    (
        "jeune-majeur-palaiseau",
        "jeune-majeur-palaiseau",
        "Première demande : jeune majeur, Palaiseau",
    ),
    ("jeune-majeur-etampes", "jeunes-majeurs-etampes", "Première demande : jeune majeur, Étampes"),
    (
        "droit-d-option-franco-algerien",
        "pref91-droit-doption-franco-algerien",
        "Droit d'option franco-algérien",
    ),
    (
        "aes-metiers-en-tension",
        "prefecture-de-l-essonne-demande-d-admission-except",
        "Admission exceptionnelle au séjour : métiers en tension",
    ),
    (
        "soins-et-parent-d-enfant-malade",
        "prefecture-de-l-essonne-premier-titre-de-sejour-po",
        "Titre de séjour pour soins ; accompagnant d'un enfant malade",
    ),
    (
        "premiere-demande-visa",
        "prefecture-de-l-essonne-premiere-demande-de-titre4",
        "Première demande avec un visa, ou résident de longue durée UE",
    ),
    ("aes-travail", "rdv-aes-pro", "Admission exceptionnelle au séjour : travail"),
    (
        "aes-vie-privee-et-familiale",
        "rdv-aes-vpf",
        "Admission exceptionnelle au séjour : vie privée et familiale",
    ),
    (
        "renonciation-au-statut-de-refugie",
        "renonciation-au-statut-de-refugie-essonne",
        "Renonciation au statut de réfugié",
    ),
    (
        "protection-temporaire-ukraine",
        "renouvellement-de-la-protection-temporaire-ukraine91",
        "Renouvellement de la protection temporaire (Ukraine)",
    ),
    (
        "renouvellement-professionnel-evry",
        "rnlvt-pro-evry",
        "Rendez-vous : renouvellement, mention professionnelle, arrondissement d'Évry",
    ),
    (
        "renouvellement-vie-privee-et-familiale-evry",
        "rnlvt-vpf-evry",
        "Rendez-vous : renouvellement, vie privée et familiale, arrondissement d'Évry",
    ),
)

sejour = [
    demarches_simplifiees.flow(department="91", flow=flow, title=title, url=f"{FORM}/{form}")
    for flow, form, title in FORMS
]

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="91",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url=f"{CREATE}/22351",
    control=True,
)
