"""Haute-Garonne (31), Toulouse. Not yet seen working from here."""

from fleet.families import bookingserver

# Calendars named by public checkers, 2018–2022.
CREATE = "https://www.haute-garonne.gouv.fr/booking/create"

naturalisation = [
    bookingserver.flow(
        department="31",
        flow=f"naturalisation-planning-{planning}",
        title=f"Naturalisation, planning {planning}",
        url=f"{CREATE}/7736",
        planning=planning,
    )
    for planning in ("36770", "14510", "14520", "39592")
]

titre_de_sejour = bookingserver.flow(
    department="31",
    flow="titre-de-sejour",
    title="Titre de séjour",
    url=f"{CREATE}/29739",
)

# The checkers do not say what these are for; only one names 18131 and 27016.
formulaires = [
    bookingserver.flow(
        department="31",
        flow=f"formulaire-{number}",
        title=f"Formulaire {number}, objet non connu",
        url=f"{CREATE}/{number}",
    )
    for number in (18131, 25794, 27016)
]

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="31",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url=f"{CREATE}/13660",
    control=True,
)
