"""Allier (03), Moulins. Not yet seen working from here."""

from fleet.families import bookingserver, rdv_prefecture

# Doubtful: from one checker of 2025–2026, written by a machine in part.
titre_de_sejour = rdv_prefecture.flow(
    department="03",
    flow="titre-de-sejour",
    title="Titre de séjour",
    url="https://www.rdv-prefecture.interieur.gouv.fr/rdvpref/reservation/demarche/4418/",
)

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="03",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url="https://www.rdv.allier.gouv.fr/booking/create/752",
    control=True,
)
