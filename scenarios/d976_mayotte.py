"""Mayotte (976), Mamoudzou. Not yet seen working from here."""

from fleet.families import rdv_prefecture

DEMARCHE = "https://www.rdv-prefecture.interieur.gouv.fr/rdvpref/reservation/demarche"

# Both named by one checker only, of 2024 or later.
premiere_demande = rdv_prefecture.flow(
    department="976",
    flow="premiere-demande",
    title="Titre de séjour, première demande",
    url=f"{DEMARCHE}/6860/",
)

renouvellement = rdv_prefecture.flow(
    department="976",
    flow="titre-de-sejour-renouvellement",
    title="Titre de séjour, renouvellement",
    url=f"{DEMARCHE}/6880/",
)
