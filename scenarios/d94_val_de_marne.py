"""Val-de-Marne (94), Créteil. Not yet seen working from here."""

from fleet.families import bookingserver

NATURALISATION = "https://www.val-de-marne.gouv.fr/booking/create/4963"
PLANNINGS = ("19604", "19866", "20424", "20823")

naturalisation = [
    bookingserver.flow(
        department="94",
        flow=f"naturalisation-planning-{planning}",
        title=f"Naturalisation, planning {planning}",
        url=NATURALISATION,
        planning=planning,
    )
    for planning in PLANNINGS
]
