"""Ille-et-Vilaine (35), Rennes. Practice replica: too many requests, on both platforms."""

from fleet.families import bookingserver, rdv_service_public

titre_de_sejour = bookingserver.flow(
    department="35",
    flow="titre-de-sejour",
    title="Titre de séjour : dépôt d'une première demande ou d'un renouvellement",
    url="http://rennes.localhost/booking/create/93501",
)

remise_de_titre = rdv_service_public.flow(
    department="35",
    flow="remise-de-titre",
    title="Remise de titre de séjour",
    url=(
        "http://rdv-rennes.localhost/prendre_rdv"
        "?departement=35"
        "&motif_name_with_location_type=remise_de_titre-public_office"
        "&public_link_organisation_id=93502"
    ),
)
