"""Eure-et-Loir (28), Chartres. Not yet seen working from here."""

from fleet.families import bookingserver

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="28",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.eure-et-loir.gouv.fr/booking/create/22839",
    control=True,
)
