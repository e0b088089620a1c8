"""Val-de-Marne (94), Créteil. Not yet seen working from here."""

from fleet.families import bookingserver, demarches_simplifiees, eappointment, rdv_prefecture

CREATE = "https://www.val-de-marne.gouv.fr/booking/create"
NATURALISATION = f"{CREATE}/4963"
PLANNINGS = ("19604", "19866", "20424", "20823")

naturalisation = [
    bookingserver.flow(
        department="94",
        flow=f"naturalisation-planning-{planning}",
        title=f"Naturalisation, planning {planning}",
        url=NATURALISATION,
        planning=planning,
    )
    for planning in PLANNINGS
]

# Named by one checker only, which does not say what it is for, nor when.
formulaire_5440 = bookingserver.flow(
    department="94",
    flow="formulaire-5440",
    title="Formulaire 5440, objet non connu",
    url=f"{CREATE}/5440",
)

DEMARCHE = "https://www.rdv-prefecture.interieur.gouv.fr/rdvpref/reservation/demarche"

# Named by one checker only, of 2024 or later, which does not say what it is for.
demarche_3771 = rdv_prefecture.flow(
    department="94",
    flow="demarche-3771",
    title="Démarche 3771, objet non connu",
    url=f"{DEMARCHE}/3771/",
)

# From a public checker of 2026.
remise_de_titre = rdv_prefecture.flow(
    department="94",
    flow="remise-de-titre",
    title="Remise de titre",
    url=f"{DEMARCHE}/16040/",
)

# The system of 2020 and before, from public checkers. Its motives are not known: the message of
# the first visit will list them.
RENDEZ_VOUS = (
    "https://rdv-etrangers-94.interieur.gouv.fr/eAppointmentpref94/element/jsp/specific/pref94.jsp"
)
SITES = (
    ("creteil", "P941", "Créteil"),
    ("nogent", "P942", "Nogent-sur-Marne"),
    ("l-hay", "P943", "L'Haÿ-les-Roses"),
)

etrangers = [
    eappointment.flow(
        department="94",
        flow=f"etrangers-{flow}",
        title=f"Étrangers, {place}",
        url=RENDEZ_VOUS,
        sitekey=sitekey,
    )
    for flow, sitekey, place in SITES
]

OLD = "https://www.demarches-simplifiees.fr/commencer"
NEW = "https://demarche.numerique.gouv.fr/commencer"

CRETEIL = (
    (
        "premiere-demande-algerien-creteil",
        f"{OLD}/1eredemande-algerien-creteil",
        "Rendez-vous : première demande, ressortissant algérien",
    ),
    (
        "premiere-demande-creteil",
        f"{OLD}/1eredemande-creteil",
        "Rendez-vous : première demande, ressortissant non algérien et non européen",
    ),
    (
        "aps-fin-d-etudes-creteil",
        f"{OLD}/apsfinetudes",
        "Autorisation provisoire de séjour : fin d'études et recherche d'emploi",
    ),
    (
        "changement-de-statut-creteil",
        f"{OLD}/changementdestatut-creteil",
        "Rendez-vous : changement de statut",
    ),
    (
        "accompagnant-mineur-malade-creteil",
        f"{OLD}/demande-rendez-vous-premiere-demande-accompagnant-mineur-malade",
        "Rendez-vous : première demande, accompagnant d'un étranger mineur malade",
    ),
    (
        "renouvellement-creteil",
        f"{OLD}/demande-rendez-vous-renouvellement-creteil",
        "Rendez-vous : renouvellement du titre de séjour",
    ),
    (
        "recherche-d-emploi-etudiant-creteil",
        f"{OLD}/rece1235",
        "Recherche d'emploi ou création d'entreprise : carte « étudiant »",
    ),
    (
        "recherche-d-emploi-chercheur-creteil",
        f"{OLD}/rece1236",
        "Recherche d'emploi ou création d'entreprise : carte « chercheur »",
    ),
    (
        "brexit-renouvellement-creteil",
        f"{NEW}/renouvellement-des-titres-de-sejour-article-50-tue-21",
        "Renouvellement des titres « article 50 TUE » (Brexit)",
    ),
)
L_HAY = (
    (
        "aes-l-hay",
        f"{NEW}/demande-de-rendez-vous-admission-exceptionnelle-au-sejour",
        "Rendez-vous : admission exceptionnelle au séjour",
    ),
    (
        "premiere-demande-l-hay",
        f"{NEW}/demande-de-rendez-vous-en-vue-du-depot-d-une-premi",
        "Rendez-vous : première demande de titre de séjour",
    ),
    (
        "changement-de-statut-liens-personnels-l-hay",
        f"{NEW}/demande-de-rendez-vous-pour-un-changement-de-statu",
        "Rendez-vous : changement vers liens personnels et familiaux",
    ),
    (
        "changement-de-statut-entrepreneur-l-hay",
        f"{NEW}/demande-de-rendez-vous-pour-un-changement-de-statu-2",
        "Rendez-vous : changement vers entrepreneur ou profession libérale",
    ),
    (
        "changement-de-statut-salarie-l-hay",
        f"{NEW}/demande-de-rendez-vous-pour-un-changement-de-statu-3",
        "Rendez-vous : changement d'étudiant vers salarié",
    ),
    (
        "renouvellement-resident-depuis-l-enfance-l-hay",
        f"{NEW}/demande-de-rendez-vous-pour-un-renouvellement-d-un",
        "Rendez-vous : renouvellement, en France depuis l'âge de 13 ans (10 ans : Algériens)",
    ),
    (
        "renouvellement-liens-personnels-l-hay",
        f"{NEW}/demande-de-rendez-vous-pour-un-renouvellement-d-un-2",
        "Rendez-vous : renouvellement, liens personnels et familiaux",
    ),
    (
        "renouvellement-entrepreneur-l-hay",
        f"{NEW}/demande-de-rendez-vous-pour-un-renouvellement-d-un-3",
        "Rendez-vous : renouvellement, entrepreneur ou profession libérale",
    ),
    (
        "renouvellement-salarie-l-hay",
        f"{NEW}/demande-de-rendez-vous-pour-un-renouvellement-d-un-4",
        "Rendez-vous : renouvellement, salarié ou travailleur temporaire",
    ),
    (
        "recherche-d-emploi-master-l-hay",
        f"{NEW}/demande-de-titre-de-sejour-ou-d-autorisation-provi",
        "Recherche d'emploi ou création d'entreprise : diplôme de master au moins",
    ),
)

sejour_creteil = [
    demarches_simplifiees.flow(department="94", flow=flow, title=f"{title}, Créteil", url=url)
    for flow, url, title in CRETEIL
]
sejour_l_hay = [
    demarches_simplifiees.flow(
        department="94", flow=flow, title=f"{title}, L'Haÿ-les-Roses", url=url
    )
    for flow, url, title in L_HAY
]

# Listed under L'Haÿ-les-Roses; its title and address say Nogent-sur-Marne.
blocages_anef_nogent = demarches_simplifiees.flow(
    department="94",
    flow="blocages-anef-nogent",
    title="Saisine lors de blocages ANEF, Nogent-sur-Marne",
    url=f"{OLD}/sp-nogent-sur-marne-blocages-anef",
)

# From a public checker, 2018–2023, which had it with http://.
permis_commission_medicale = bookingserver.flow(
    department="94",
    flow="permis-commission-medicale",
    title="Commission médicale du permis",
    url=f"{CREATE}/8294",
    control=True,
)
