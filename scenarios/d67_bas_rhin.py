"""Bas-Rhin (67), Strasbourg. Not yet seen working from here."""

from fleet.families import bookingserver, demarches_simplifiees

FORM = "https://www.demarches-simplifiees.fr/commencer"

premiere_demande = demarches_simplifiees.flow(
    department="67",
    flow="premiere-demande",
    title="Premier titre de séjour (prise de rendez-vous)",
    url=f"{FORM}/prefecture-du-bas-rhin-pre-demande-premier-titre",
)

ancien_mineur_non_accompagne = demarches_simplifiees.flow(
    department="67",
    flow="premiere-demande-ancien-mineur-non-accompagne",
    title="Première demande de titre de séjour : ancien mineur non accompagné",
    url=f"{FORM}/premiere-demande-titre-de-sejour-ex-mineur-non-acc",
)

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="67",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.bas-rhin.gouv.fr/booking/create/16671",
    control=True,
)
