"""Tarn-et-Garonne (82), Montauban. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="82",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.tarn-et-garonne.gouv.fr/booking/create/13976",
    control=True,
)
