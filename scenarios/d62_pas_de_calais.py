"""Pas-de-Calais (62), Arras. Not yet seen working from here."""

from fleet.families import bookingserver, demarches_simplifiees

FORM = "https://www.demarches-simplifiees.fr/commencer/prefecture-du-pas-de-calais"
FORMS = (
    (
        "regularisation",
        "regularisation",
        "Titre de séjour : personnes en situation irrégulière, régularisation",
    ),
    (
        "protection-temporaire-ukraine",
        "service-etrangers-refu",
        "Autorisation provisoire de séjour : réfugiés ukrainiens",
    ),
    (
        "recepisse-renouvellement",
        "service-etrangers-reno",
        "Renouvellement de récépissé",
    ),
    (
        "titre-de-sejour",
        "titre-de-sejour",
        "Titre de séjour : personnes en situation régulière",
    ),
)

sejour = [
    demarches_simplifiees.flow(department="62", flow=flow, title=title, url=f"{FORM}-{form}")
    for flow, form, title in FORMS
]

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="62",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.pas-de-calais.gouv.fr/booking/create/29846",
    control=True,
)
