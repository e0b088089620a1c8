"""Somme (80), Amiens. Practice replica: RDV Service Public, an empty week, slots later."""

from fleet.families import rdv_service_public

renouvellement = rdv_service_public.flow(
    department="80",
    flow="renouvellement",
    title="Renouvellement de titre de séjour",
    url=(
        "http://rdv-service-public.localhost/prendre_rdv"
        "?departement=80"
        "&motif_name_with_location_type=renouvellement-public_office"
        "&public_link_organisation_id=98001"
        "&lieu_id=98011"
    ),
)
