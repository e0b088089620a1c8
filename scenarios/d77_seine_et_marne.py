"""Seine-et-Marne (77), Torcy. Not yet seen working from here."""

from fleet.families import bookingserver

naturalisation_torcy = bookingserver.flow(
    department="77",
    flow="naturalisation-torcy",
    title="Naturalisation (déclaration), Torcy",
    url="https://www.seine-et-marne.gouv.fr/booking/create/48803",
)
