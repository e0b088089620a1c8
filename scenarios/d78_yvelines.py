"""Yvelines (78), Versailles. Not yet seen working from here."""

from fleet.families import bookingserver, rdv_prefecture

CREATE = "https://www.yvelines.gouv.fr/booking/create"
DEMARCHE = "https://www.rdv-prefecture.interieur.gouv.fr/rdvpref/reservation/demarche"

# Named by one checker only, which does not say what it is for, nor when.
formulaire_6342 = bookingserver.flow(
    department="78",
    flow="formulaire-6342",
    title="Formulaire 6342, objet non connu",
    url=f"{CREATE}/6342",
)

# Named by one checker only, in 2023, beside a form for residence permits.
formulaire_20024 = bookingserver.flow(
    department="78",
    flow="formulaire-20024",
    title="Formulaire 20024, objet non connu (titre de séjour ?)",
    url=f"{CREATE}/20024",
)

# Each named by one checker only, in 2025.
titre_de_sejour = rdv_prefecture.flow(
    department="78",
    flow="titre-de-sejour",
    title="Titre de séjour",
    url=f"{DEMARCHE}/1000/",
)

point_d_accueil_numerique = rdv_prefecture.flow(
    department="78",
    flow="point-d-accueil-numerique",
    title="Point d'accueil numérique (ANTS)",
    url=f"{DEMARCHE}/1040/",
)

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="78",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url=f"{CREATE}/14256",
    control=True,
)
