"""Puy-de-Dôme (63), Clermont-Ferrand. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="63",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.rdv.puy-de-dome.gouv.fr/booking/create/801",
    control=True,
)
