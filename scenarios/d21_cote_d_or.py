"""Côte-d'Or (21), Dijon. Not yet seen working from here."""

from fleet.families import bookingserver

# Named by one checker only, which does not say what it is for.
formulaire_1071 = bookingserver.flow(
    department="21",
    flow="formulaire-1071",
    title="Formulaire 1071, objet non connu",
    url="https://www.rdv.cote-dor.gouv.fr/booking/create/1071",
)

# From a public checker, 2018–2023, which had it with http:// and under department 20.
permis_commission_medicale = bookingserver.flow(
    department="21",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.rdv.cote-dor.gouv.fr/booking/create/942",
    control=True,
)
