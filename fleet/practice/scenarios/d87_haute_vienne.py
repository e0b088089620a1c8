"""Haute-Vienne (87), Limoges. Practice replica: RDV Service Public, slots at two places."""

from fleet.families import rdv_service_public

remise_de_titre = rdv_service_public.flow(
    department="87",
    flow="remise-de-titre",
    title="Remise de titre de séjour",
    url="http://rdv-service-public.localhost/org/98701/prefecture",
)
