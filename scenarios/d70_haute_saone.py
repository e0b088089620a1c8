"""Haute-Saône (70), Vesoul. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="70",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.haute-saone.gouv.fr/booking/create/10907",
    control=True,
)
