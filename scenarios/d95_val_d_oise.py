"""Val-d'Oise (95), Cergy. Not yet seen working from here."""

from fleet.families import bookingserver, rdv_prefecture

# Calendars named by public checkers, 2018–2023.
CREATE = "https://www.val-doise.gouv.fr/booking/create"

aes_sarcelles = bookingserver.flow(
    department="95",
    flow="aes-sarcelles",
    title="Admission exceptionnelle au séjour, Sarcelles",
    url=f"{CREATE}/5260",
)

renouvellement_sarcelles = bookingserver.flow(
    department="95",
    flow="renouvellement-vie-privee-et-familiale-sarcelles",
    title="Renouvellement « vie privée et familiale », Sarcelles",
    url=f"{CREATE}/11404",
)

naturalisation = [
    bookingserver.flow(
        department="95",
        flow=f"naturalisation-planning-{planning}",
        title=f"Naturalisation, planning {planning}",
        url=f"{CREATE}/11343",
        planning=planning,
    )
    for planning in ("13782", "20779", "21505")
]

# The checkers do not say what these are for; 13860 is named by one only.
formulaires = [
    bookingserver.flow(
        department="95",
        flow=f"formulaire-{number}",
        title=f"Formulaire {number}, objet non connu",
        url=f"{CREATE}/{number}",
    )
    for number in (13860, 23749)
]

# Each named by one checker only, in 2025.
guichets = [
    rdv_prefecture.flow(
        department="95",
        flow=f"guichet-{guichet}",
        title=f"Guichet {guichet}",
        url=f"https://www.rdv-prefecture.interieur.gouv.fr/rdvpref/reservation/demarche/{number}/",
    )
    for guichet, number in ((1, 1380), (2, 9481))
]

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="95",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url=f"{CREATE}/12884",
    control=True,
)
