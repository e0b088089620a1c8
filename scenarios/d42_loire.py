"""Loire (42), Saint-Étienne. Not yet seen working from here."""

from fleet.families import bookingserver

admission_exceptionnelle_au_sejour = bookingserver.flow(
    department="42",
    flow="admission-exceptionnelle-au-sejour",
    title="Module de réservation : AES",
    url="https://www.rdv.loire.gouv.fr/booking/create/804",
)
