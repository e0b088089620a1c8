"""
National (00), and flows whose prefecture is not known. Not yet seen working from here.

The first page of a démarche names its prefecture: once it was seen, move the line to the file of
that department.
"""

from fleet.families import anef, rdv_prefecture, rdv_service_public

administration_numerique = anef.flow(
    department="00",
    flow="anef",
    title="ANEF, toutes les démarches en ligne",
    url="https://administration-etrangers-en-france.interieur.gouv.fr/particuliers/#/",
)

# From a public checker of 2025, which does not say which prefecture it is.
recepisses_echus = rdv_service_public.flow(
    department="00",
    flow="recepisses-echus-organisation-2458",
    title="Préfecture non identifiée : renouvellement de récépissés arrivés à échéance",
    url="https://rdv.anct.gouv.fr/prendre_rdv?public_link_organisation_id=2458",
)

# From public checkers, 2024–2026. One only names 1022, 3823, 4083 and 4600; one says that 3720
# is for Boulogne-Billancourt (92).
DEMARCHES = (
    *(1022, 1904, 2381, 3260, 3720, 3744, 3745, 3802, 3823, 3921, 3922),
    *(4082, 4083, 4382, 4407, 4443, 4446, 4564, 4566, 4600, 11800),
)

demarches = [
    rdv_prefecture.flow(
        department="00",
        flow=f"demarche-{number}",
        title=f"Préfecture non identifiée : démarche {number}",
        url=f"https://www.rdv-prefecture.interieur.gouv.fr/rdvpref/reservation/demarche/{number}/",
    )
    for number in DEMARCHES
]
