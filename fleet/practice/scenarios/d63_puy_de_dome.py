"""Puy-de-Dôme (63), Clermont-Ferrand. Practice replica: never a slot;
its control flow always has some.
"""

from fleet.families import bookingserver

titre_de_sejour = bookingserver.flow(
    department="63",
    flow="titre-de-sejour",
    title="Titre de séjour : dépôt d'un dossier",
    url="http://clermont-ferrand.localhost/booking/create/96301",
)

permis_de_conduire = bookingserver.flow(
    department="63",
    flow="permis-de-conduire",
    title="Permis de conduire : commission médicale",
    url="http://clermont-ferrand.localhost/booking/create/96302",
    control=True,
)
