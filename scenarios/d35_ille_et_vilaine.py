"""Ille-et-Vilaine (35), Rennes. Not yet seen working from here."""

from fleet.families import bookingserver, demarches_simplifiees

FORM = "https://www.demarches-simplifiees.fr/commencer"
FORMS = (
    (
        "accompagnant-etranger-malade",
        "demande-premier-titre-sejour-accompagnant-enfant-etranger-malade",
        "Premier titre de séjour : accompagnant d'un étranger malade",
    ),
    (
        "ase-entre-16-et-18-ans",
        "demande-premier-titre-sejour-etranger-confie-aide-sociale-enfance-entre-16-et-18-ans",
        "Premier titre de séjour : confié à l'ASE entre 16 et 18 ans",
    ),
    (
        "entre-avant-13-ans",
        "demande-premier-titre-sejour-etranger-etranger-entre-avant-13-ans",
        "Premier titre de séjour : entré en France avant l'âge de 13 ans",
    ),
    (
        "pacs-avec-francais",
        "demande-premier-titre-sejour-pacs-avec-francais",
        "Premier titre de séjour : pacsé(e) avec un(e) Français(e)",
    ),
    (
        "salarie",
        "demande-premier-titre-sejour-salarie-ou-travailleur-temporaire",
        "Premier titre de séjour : salarié ou travailleur temporaire",
    ),
    (
        "salarie-resident-longue-duree-ue",
        "prem-titre-sej-salarie-resident-longueduree-ue",
        "Premier titre de séjour : salarié, résident de longue durée UE",
    ),
)

premier_titre = [
    demarches_simplifiees.flow(department="35", flow=flow, title=title, url=f"{FORM}/{form}")
    for flow, form, title in FORMS
]

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="35",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.ille-et-vilaine.gouv.fr/booking/create/36497",
    control=True,
)
