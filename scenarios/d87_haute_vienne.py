"""Haute-Vienne (87), Limoges. Not yet seen working from here."""

from fleet.families import bookingserver, demarches_simplifiees

FORM = "https://www.demarches-simplifiees.fr/commencer"
FORMS = (
    (
        "changement-de-statut-etudiant",
        "changement-de-statut-salarie",
        "Changement de statut : d'étudiant à salarié ou travailleur temporaire",
    ),
    (
        "recherche-d-emploi-ou-creation-d-entreprise",
        "demande-de-titre-de-sejour-temporaire-portant-la-m",
        "Recherche d'emploi ou création d'entreprise : étudiants et chercheurs",
    ),
    (
        "asile-et-sejour",
        "demandes-concomitantes-asile-sejour87",
        "Demandes concomitantes d'asile et de séjour",
    ),
)

sejour = [
    demarches_simplifiees.flow(department="87", flow=flow, title=title, url=f"{FORM}/{form}")
    for flow, form, title in FORMS
]

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="87",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.haute-vienne.gouv.fr/booking/create/18626",
    control=True,
)
