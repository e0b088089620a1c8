"""Haute-Savoie (74), Annecy. Not yet seen working from here."""

from fleet.families import bookingserver

accueil_des_etrangers = bookingserver.flow(
    department="74",
    flow="accueil-des-etrangers",
    title="Accueil des étrangers",
    url="https://www.haute-savoie.gouv.fr/booking/create/29396",
)

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="74",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.haute-savoie.gouv.fr/booking/create/24978",
    control=True,
)
