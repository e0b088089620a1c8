"""Saône-et-Loire (71), Mâcon. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="71",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.rdv.saone-et-loire.gouv.fr/booking/create/737",
    control=True,
)
