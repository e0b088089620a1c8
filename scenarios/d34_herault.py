"""Hérault (34), Montpellier. Not yet seen working from here."""

from fleet.families import bookingserver

CREATE = "https://www.herault.gouv.fr/booking/create"

# From public checkers, 2017–2022, which do not say what they are for.
formulaires = [
    bookingserver.flow(
        department="34",
        flow=f"formulaire-{number}",
        title=f"Formulaire {number}, objet non connu",
        url=f"{CREATE}/{number}",
    )
    for number in (15253, 15259, 27396, 34210)
]

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="34",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url=f"{CREATE}/15245",
    control=True,
)
