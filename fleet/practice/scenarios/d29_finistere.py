"""Finistère (29), Quimper. Practice replica: RDV Service Public, never a slot."""

from fleet.families import rdv_service_public

recepisses_echus = rdv_service_public.flow(
    department="29",
    flow="recepisses-echus",
    title="Renouvellement de récépissés arrivés à échéance",
    url=(
        "http://rdv-service-public.localhost/prendre_rdv"
        "?departement=29"
        "&motif_name_with_location_type=recepisses_echus-public_office"
        "&public_link_organisation_id=92901"
    ),
)
