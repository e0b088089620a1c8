"""Maine-et-Loire (49), Angers. Not yet seen working from here."""

from fleet.families import bookingserver, demarches_simplifiees

premiere_demande = demarches_simplifiees.flow(
    department="49",
    flow="premiere-demande",
    title="Aide à la prise de rendez-vous pour une première demande de titre de séjour",
    url="https://www.demarches-simplifiees.fr/commencer/prefecture49-bse3",
)

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="49",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.rdv.maine-et-loire.gouv.fr/booking/create/824",
    control=True,
)
