"""Seine-et-Marne (77), Melun. Practice replica: the ANEF's home page, behind which is a login."""

from fleet.families import anef

etrangers_en_france = anef.flow(
    department="77",
    flow="anef",
    title="Administration numérique pour les étrangers en France (ANEF)",
    url="http://etrangers-en-france.localhost/particuliers/#/",
)
