"""Loire (42), Saint-Étienne. Not yet seen working from here."""

from fleet.families import bookingserver

admission_exceptionnelle_au_sejour = bookingserver.flow(
    department="42",
    flow="admission-exceptionnelle-au-sejour",
    title="Module de réservation : AES",
    url="https://www.rdv.loire.gouv.fr/booking/create/804",
)

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="42",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.rdv.loire.gouv.fr/booking/create/773",
    control=True,
)
