"""Charente-Maritime (17), La Rochelle. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="17",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.charente-maritime.gouv.fr/booking/create/27136",
    control=True,
)
