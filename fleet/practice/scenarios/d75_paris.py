"""Paris (75). Practice replica: always slots, no step between."""

from fleet.families import bookingserver

remise_de_titre = bookingserver.flow(
    department="75",
    flow="remise-de-titre",
    title="Remise du titre de séjour : Accueil uniquement sur rendez-vous",
    url="http://paris.localhost/booking/create/97501",
)
