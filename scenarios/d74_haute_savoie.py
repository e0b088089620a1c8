"""Haute-Savoie (74), Annecy. Not yet seen working from here."""

from fleet.families import bookingserver

accueil_des_etrangers = bookingserver.flow(
    department="74",
    flow="accueil-des-etrangers",
    title="Accueil des étrangers",
    url="https://www.haute-savoie.gouv.fr/booking/create/29396",
)
