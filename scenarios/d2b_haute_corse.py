"""Haute-Corse (2B), Bastia. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="2B",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.rdv.haute-corse.gouv.fr/booking/create/757",
    control=True,
)
