"""Alpes-Maritimes (06), Nice. Not yet seen working from here."""

from fleet.families import bookingserver, demarches_simplifiees

FORM = "https://www.demarches-simplifiees.fr/commencer"

complement_de_dossier = demarches_simplifiees.flow(
    department="06",
    flow="titre-de-sejour-complement-de-dossier",
    title="Compléter un dossier de demande de titre de séjour",
    url=f"{FORM}/je-souhaite-completer-mon-dossier-de-demande-de-ti",
)

prolongation_de_visa = demarches_simplifiees.flow(
    department="06",
    flow="visa-court-sejour-prolongation",
    title="Prolongation d'un visa de court séjour",
    url=f"{FORM}/prolongation-d-un-visa-de-court-sejour",
)

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="06",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.alpes-maritimes.gouv.fr/booking/create/21660",
    control=True,
)
