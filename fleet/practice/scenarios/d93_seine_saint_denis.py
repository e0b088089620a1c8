"""Seine-Saint-Denis (93), Bobigny. Practice replica: the skin of 2024, never a slot."""

from fleet.families import bookingserver

titre_de_sejour = bookingserver.flow(
    department="93",
    flow="titre-de-sejour",
    title="Titre de séjour : pôle « vie privée et familiale »",
    url="http://bobigny.localhost/index.php/booking/create/99301/0",
)
