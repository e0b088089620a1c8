"""Essonne (91), Évry-Courcouronnes. Not yet seen working from here."""

from fleet.families import bookingserver

NATURALISATION = "https://www.essonne.gouv.fr/booking/create/23014"
PORTES = {"1": "23018", "2": "23198", "3": "23199", "4": "23200", "5": "23201"}

naturalisation = [
    bookingserver.flow(
        department="91",
        flow=f"naturalisation-porte-{porte}",
        title=f"Naturalisation, porte {porte}",
        url=NATURALISATION,
        planning=planning,
    )
    for porte, planning in PORTES.items()
]
