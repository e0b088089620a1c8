"""Paris (75), préfecture de police. Not yet seen working from here."""

from fleet.families import bookingserver, demarches_simplifiees

CREATE = "https://pprdv.interieur.gouv.fr/booking/create"

# From public checkers of 2022. First requests have since moved to Démarches simplifiées.
aes_travail_charcot = [
    bookingserver.flow(
        department="75",
        flow=f"aes-travail-charcot-{number}",
        title=f"AES au regard du travail, centre Charcot : salarié {number}",
        url=f"{CREATE}/885",
        planning=planning,
    )
    for number, planning in ((1, "886"), (2, "1043"))
]

aes = [
    bookingserver.flow(department="75", flow=flow, title=title, url=f"{CREATE}/{number}")
    for flow, number, title in (
        ("aes-travail-truffaut", 876, "AES au regard du travail, centre Truffaut"),
        ("aes-vie-privee-et-familiale-charcot", 948, "AES vie privée et familiale, centre Charcot"),
        (
            "aes-vie-privee-et-familiale-truffaut",
            953,
            "AES vie privée et familiale, centre Truffaut",
        ),
    )
]

# Named by one checker only.
ressortissants_algeriens = bookingserver.flow(
    department="75",
    flow="ressortissants-algeriens",
    title="Ressortissants algériens",
    url=f"{CREATE}/957",
)

# From public checkers of August 2023. A planning is the calendar of some counters.
remise_de_titre = [
    bookingserver.flow(
        department="75",
        flow=f"remise-de-titre-planning-{planning}",
        title=f"Remise d'un titre de séjour, planning {planning}",
        url=f"{CREATE}/989",
        planning=planning,
    )
    for planning in ("990", "1000", "1001", "1002", "1003", "1005", "1028", "1029")
]

FORM = "https://www.demarches-simplifiees.fr/commencer"
FORMS = (
    (
        "premiere-demande-vie-professionnelle-algerien",
        "pp-1ere-dde-algerien-immigrationpro-visiteur",
        "Première demande, vie professionnelle ou visiteur : ressortissant algérien",
    ),
    (
        "premiere-demande-vie-professionnelle",
        "pp-1ere-demande-immigrationpro-visiteur",
        "Première demande, vie professionnelle ou visiteur",
    ),
    (
        "premiere-demande-jeune-majeur",
        "pp-1ere-demande-jeune-majeur",
        "Première demande : jeune majeur",
    ),
    (
        "premiere-demande-membre-de-famille",
        "pp-1ere-demande-membre-famille",
        "Première demande : membre de famille",
    ),
)

premiere_demande = [
    demarches_simplifiees.flow(department="75", flow=flow, title=title, url=f"{FORM}/{form}")
    for flow, form, title in FORMS
]
