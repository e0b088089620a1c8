"""What verdicts, groups, delays and reasons are called in French (keys of the translations)."""

from __future__ import annotations

from fleet.analysis.delays import Delay
from fleet.analysis.waits import Looking
from fleet.models import Attempt, Group, Verdict
from fleet.models.missed import MissReason
from fleet.rendering.i18n import N_

VERDICTS: dict[Verdict, tuple[str, str]] = {
    Verdict.SLOTS: (
        N_("Rendez-vous proposé"),
        N_("La page proposait au moins un rendez-vous."),
    ),
    Verdict.NO_SLOTS: (
        N_("Aucun rendez-vous"),
        N_("La page disait qu’il n’y avait aucun rendez-vous disponible."),
    ),
    Verdict.CLOSED: (
        N_("Démarche fermée"),
        N_("La page disait que la démarche était fermée, suspendue ou déplacée."),
    ),
    Verdict.CAPTCHA: (
        N_("Captcha"),
        N_("Un captcha barrait l’accès à la réponse ; le robot n’y répond jamais."),
    ),
    Verdict.LOGIN_REQUIRED: (
        N_("Compte exigé"),
        N_("Il fallait un compte pour connaître la réponse ; le robot n’en a pas."),
    ),
    Verdict.BLOCKED: (
        N_("Accès refusé"),
        N_("Le site a refusé la visite (erreur 401 ou 403, pare-feu)."),
    ),
    Verdict.RATE_LIMITED: (
        N_("Trop de demandes"),
        N_("Le site a demandé moins de visites (erreur 429)."),
    ),
    Verdict.OVERLOAD: (
        N_("Site surchargé"),
        N_("Le site était en panne ou surchargé (erreur 5xx, « Service surchargé »)."),
    ),
    Verdict.MAINTENANCE: (
        N_("Maintenance"),
        N_("Le site annonçait une maintenance."),
    ),
    Verdict.SESSION_EXPIRED: (
        N_("Session expirée"),
        N_("Le site a renvoyé la visite à son début."),
    ),
    Verdict.SITE_DOWN: (
        N_("Site injoignable"),
        N_("Le site ne répondait pas du tout (connexion, DNS, certificat)."),
    ),
    Verdict.TIMEOUT: (
        N_("Délai dépassé"),
        N_("Le site n’a pas répondu dans le temps accordé à la visite."),
    ),
    Verdict.UNRECOGNISED: (
        N_("Page non reconnue"),
        N_("La page ne disait rien que le robot connaisse, ou disait deux choses à la fois."),
    ),
    Verdict.CRASHED: (
        N_("Erreur du robot"),
        N_("Le robot, son scénario ou son navigateur a échoué ; cela ne dit rien du site."),
    ),
}
"""For each verdict: what it is called, and one sentence for a reader."""

WAITED = N_(
    "Le site faisait attendre les visiteurs dans une salle d’attente virtuelle ; le robot n’y est"
    " pas resté, et la réponse n’est pas connue."
)

UNREACHED = N_(
    "Le robot n’a joint aucune page, et ce n’est pas, ou pas de façon certaine, la faute du site ;"
    " cela ne dit rien de lui."
)


def sentence_of(attempt: Attempt) -> str:
    """A plain sentence for how this attempt ended: its verdict's, or words of its own."""
    if attempt.waited:
        return WAITED
    return UNREACHED if attempt.unreached is not None else VERDICTS[attempt.verdict][1]


GROUPS: dict[Group, str] = {
    Group.ANSWERED: N_("Réponses"),
    Group.REFUSED: N_("Refus"),
    Group.UNAVAILABLE: N_("Site indisponible"),
    Group.OURS: N_("De notre fait"),
}

# [V] the five: Village de la Justice, art. 42103, 23 March 2022
DELAYS: dict[Delay, str] = {
    Delay.TWO_WITHIN_A_MONTH: N_("au moins deux dates sur un mois"),
    Delay.ONE_WITHIN_A_MONTH: N_("une seule date possible sous un mois"),
    Delay.WITHIN_TWO_MONTHS: N_("première date possible entre un et deux mois"),
    Delay.BEYOND_TWO_MONTHS: N_("première date possible au-delà de 2 mois"),
    Delay.NONE: N_("pas de date disponible"),
    Delay.UNKNOWN_DATE: N_("date inconnue"),
}
"""The five as La Cimade published them; the sixth is ours."""

MISS_REASONS: dict[MissReason, str] = {
    MissReason.UNWATCHED: N_(
        "le robot ne fonctionnait pas, ou ne connaissait pas encore la démarche"
    ),
    MissReason.INTERRUPTED: N_("la visite avait commencé quand le robot s’est arrêté"),
    MissReason.COOLING: N_("le site avait refusé ou échoué ; le robot le laissait tranquille"),
    MissReason.BUDGET: N_("le nombre de visites par heure que le robot s’accorde était atteint"),
    MissReason.DISALLOWED: N_("le site interdit cette adresse aux robots (robots.txt)"),
    MissReason.LATE: N_("le robot était trop occupé pour commencer à temps"),
    MissReason.NO_ROOM: N_("le robot n’avait plus de place pour conserver de preuves"),
    MissReason.QUARANTINED: N_(
        "le scénario avait bloqué le robot ; il est en quarantaine jusqu’à sa correction"
    ),
    MissReason.LOST: N_("ce qui en avait été gardé sur le disque a été endommagé"),
}

LOOKING: dict[Looking, str] = {
    Looking.ALL_HOURS: N_("à toute heure, environ une fois par heure"),
    Looking.AT_NINE: N_("une fois par jour, entre 9 h et 10 h"),
    Looking.OFFICE_HOURS: N_("du lundi au vendredi de 9 h à 17 h, environ une fois par heure"),
}
"""When somebody looks for a slot."""
