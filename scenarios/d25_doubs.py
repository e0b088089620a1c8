"""Doubs (25), Besançon. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="25",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.doubs.gouv.fr/booking/create/14641",
    control=True,
)
