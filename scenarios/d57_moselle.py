"""Moselle (57), Metz. Not yet seen working from here."""

from fleet.families import bookingserver, demarches_simplifiees

FORM = "https://www.demarches-simplifiees.fr/commencer/prefecture-de-la-moselle"
FORMS = (
    (
        "admission-exceptionnelle-au-sejour",
        "demande-rdv-admission",
        "Demande de rendez-vous : admission exceptionnelle au séjour",
    ),
    (
        "vie-professionnelle-et-etudiante",
        "premiere-demande",
        "Titre de séjour « vie professionnelle et étudiante », hors ANEF",
    ),
    (
        "premiere-demande-liens-personnels-et-familiaux",
        "premiere-demande-de-carte",
        "Première demande : liens personnels et familiaux (L. 423-23)",
    ),
    (
        "vie-privee-et-familiale",
        "premiere-demande-renouvellement-vpf",
        "Titre de séjour « vie privée et familiale », hors ANEF",
    ),
    (
        "recepisse-renouvellement",
        "renouvellement-recepisse",
        "Renouvellement de récépissé ou d'attestation de prolongation d'instruction",
    ),
)

sejour = [
    demarches_simplifiees.flow(department="57", flow=flow, title=title, url=f"{FORM}-{form}")
    for flow, form, title in FORMS
]

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="57",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.moselle.gouv.fr/booking/create/9439",
    control=True,
)
