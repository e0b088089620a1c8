"""Jura (39), Lons-le-Saunier. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="39",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.jura.gouv.fr/booking/create/13502",
    control=True,
)
