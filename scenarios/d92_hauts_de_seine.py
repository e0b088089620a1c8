"""Hauts-de-Seine (92), Nanterre. Not yet seen working from here."""

from fleet.families import bookingserver, rdv_prefecture

# Calendars named by public checkers, 2019–2023.
CREATE = "https://www.hauts-de-seine.gouv.fr/booking/create"
DEMARCHE = "https://www.rdv-prefecture.interieur.gouv.fr/rdvpref/reservation/demarche"

# 4129 and 11658 are named by one only.
calendriers = [
    bookingserver.flow(department="92", flow=flow, title=title, url=f"{CREATE}/{number}")
    for flow, number, title in (
        ("etudiants", 4129, "Étudiants"),
        ("creation-d-entreprise", 11658, "Création d'entreprise, recherche d'emploi"),
        ("biometrie", 11681, "Biométrie, prise d'empreintes"),
        ("aes", 12491, "Admission exceptionnelle au séjour"),
    )
]

# « Vie privée et familiale » is named by one only.
guichets = [
    bookingserver.flow(
        department="92",
        flow=f"{flow}-planning-{planning}",
        title=f"{title}, planning {planning}",
        url=f"{CREATE}/{number}",
        planning=planning,
    )
    for flow, number, title, plannings in (
        ("vie-privee-et-familiale", 12069, "Vie privée et familiale", ("12078", "13642")),
        ("remise-de-titre", 12083, "Remise de titre", ("14673", "14806", "14932")),
        (
            "renouvellement-boulogne",
            12249,
            "Renouvellement, sous-préfecture de Boulogne-Billancourt",
            ("15538", "15537", "12250"),
        ),
    )
    for planning in plannings
]

# Nobody says what these are for. All but 13525, 14086 and 21932 are named by one checker only;
# 4485 may be for marriages or nationality; the checker that names 11532 no longer used it.
# 21932 was given as an example in a public issue of June 2023.
formulaires = [
    bookingserver.flow(
        department="92",
        flow=f"formulaire-{number}",
        title=f"Formulaire {number}, objet non connu",
        url=f"{CREATE}/{number}",
        planning=planning,
    )
    for number, planning in (
        (4462, None),
        (4485, None),
        (8485, None),
        (9489, None),
        (11532, None),
        (11776, None),
        (13525, None),
        (14086, "14089"),
        (20678, "20687"),
        (20682, "20683"),
        (21932, None),
    )
]

# From public checkers of 2025. 1922 and 3460 are named by one only.
point_d_accueil_numerique = rdv_prefecture.flow(
    department="92",
    flow="point-d-accueil-numerique",
    title="Point d'accueil numérique (ANTS)",
    url=f"{DEMARCHE}/1922/",
)

demarche_3327 = rdv_prefecture.flow(
    department="92",
    flow="demarche-3327",
    title="Démarche 3327, objet non connu",
    url=f"{DEMARCHE}/3327/",
)

permis_rdv_prefecture = rdv_prefecture.flow(
    department="92",
    flow="permis-commission-medicale-rdv-prefecture",
    title="Commission médicale du permis",
    url=f"{DEMARCHE}/3460/",
    control=True,
)

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="92",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url=f"{CREATE}/10674",
    control=True,
)
