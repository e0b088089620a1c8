"""Var (83), Toulon. Not yet seen working from here."""

from fleet.families import bookingserver

# Named by one checker only, which does not say what it is for, nor when.
formulaire_864 = bookingserver.flow(
    department="83",
    flow="formulaire-864",
    title="Formulaire 864, objet non connu",
    url="https://www.rdv.var.gouv.fr/booking/create/864",
)

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="83",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.rdv.var.gouv.fr/booking/create/872",
    control=True,
)
