"""Isère (38), Grenoble. Not yet seen working from here."""

from fleet.families import bookingserver, rdv_prefecture

CREATE = "https://www.isere.gouv.fr/booking/create"

# From public checkers, which do not say what these two forms are for, nor when they were seen.
formulaire_14544 = [
    bookingserver.flow(
        department="38",
        flow=f"formulaire-14544-{when}",
        title=f"Formulaire 14544, objet non connu : {title}",
        url=f"{CREATE}/14544",
        planning=planning,
    )
    for when, title, planning in (
        ("matin", "matin", "35227"),
        ("apres-midi", "après-midi", "35228"),
    )
]

formulaire_23012 = bookingserver.flow(
    department="38",
    flow="formulaire-23012",
    title="Formulaire 23012, objet non connu",
    url=f"{CREATE}/23012",
)

# From a checker of 2024. That it belongs to Isère is inferred.
demarche_3762 = rdv_prefecture.flow(
    department="38",
    flow="demarche-3762",
    title="Démarche 3762, objet non connu",
    url="https://www.rdv-prefecture.interieur.gouv.fr/rdvpref/reservation/demarche/3762/",
)

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="38",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url=f"{CREATE}/24989",
    control=True,
)
