"""Seine-Saint-Denis (93), Bobigny. Not yet seen working from here."""

from fleet.families import bookingserver, demarches_simplifiees

# Calendars named by public checkers, 2015–2024.
CREATE = "https://www.seine-saint-denis.gouv.fr/booking/create"

calendriers = [
    bookingserver.flow(department="93", flow=flow, title=title, url=f"{CREATE}/{number}")
    for flow, number, title in (
        ("aes", 9829, "Admission exceptionnelle au séjour"),
        ("vie-privee-et-familiale", 9845, "Pôle « vie privée et familiale »"),
        ("aes-le-raincy", 10317, "Admission exceptionnelle au séjour, Le Raincy"),
        ("remise-de-titre", 16105, "Remise de titre"),
    )
]

naturalisation = bookingserver.flow(
    department="93",
    flow="naturalisation",
    title="Naturalisation",
    url=f"{CREATE}/13303",
    planning="16622",
)

# The checkers do not say what these are for. 2616 was seen in 2015–2017; 9497 said « Ce lien a
# été désactivé définitivement »; 17088 is named by one only.
formulaires = [
    bookingserver.flow(
        department="93",
        flow=f"formulaire-{number}",
        title=f"Formulaire {number}, objet non connu",
        url=f"{CREATE}/{number}",
    )
    for number in (2616, 9497, 9636, 9846, 17088)
]

FORM = "https://www.demarches-simplifiees.fr/commencer"
FORMS = (
    (
        "premiere-demande-vie-privee-et-familiale",
        "rdv-premier-titre-de-sejour-vie-privee-familiale",
        "Première demande de titre de séjour, vie privée et familiale",
    ),
    (
        "premiere-demande-vie-professionnelle",
        "rdv-premier-titre-de-sejour-vie-professionnelle",
        "Première demande de titre de séjour, vie professionnelle",
    ),
    (
        "premiere-demande-le-raincy",
        "sp-le-raincy-premieredemande",
        "Première demande de titre de séjour de plein droit, Le Raincy",
    ),
)

premiere_demande = [
    demarches_simplifiees.flow(department="93", flow=flow, title=title, url=f"{FORM}/{form}")
    for flow, form, title in FORMS
]

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="93",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url=f"{CREATE}/11238",
    control=True,
)
