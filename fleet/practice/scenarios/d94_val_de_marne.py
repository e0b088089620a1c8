"""Val-de-Marne (94), Créteil. Practice replica: the link is disabled; a box says no slot."""

from fleet.families import bookingserver, eappointment

titre_de_sejour = bookingserver.flow(
    department="94",
    flow="titre-de-sejour",
    title="Titre de séjour : dépôt d'une première demande ou d'un renouvellement",
    url="http://creteil.localhost/booking/create/99401",
)

etrangers_creteil = eappointment.flow(
    department="94",
    flow="etrangers-creteil",
    title="Titre de séjour : rendez-vous au service des étrangers, Créteil",
    url="http://rdv-etrangers-94.localhost/eAppointmentpref94/element/jsp/specific/pref94.jsp",
    sitekey="P941",
    motives=["101"],
)
