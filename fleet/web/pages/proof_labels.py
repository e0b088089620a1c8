"""What a verification found, in French. The English is the finding itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.ledger.findings import Case
from fleet.rendering.i18n import with_spaces
from fleet.web.templating import escape_bidi

if TYPE_CHECKING:
    from fleet.ledger.findings import Finding
    from fleet.rendering.i18n import Words

FRENCH: dict[Case, str] = {
    Case.SIGNATURE: "Le sceau %(seal)s a été modifié : sa signature ne tient pas.",
    Case.SEAL_MISSING: "Le sceau %(wanted)s manque : le sceau %(seal)s vient à sa place.",
    Case.SEAL_ORDER: "Le sceau %(seal)s ne suit pas celui d’avant : l’un des deux a été refait.",
    Case.SEAL_DELETED: "Le sceau %(seal)s a été supprimé : des maillons le nomment.",
    Case.SEAL_CHANGED: (
        "Le sceau %(seal)s n’est pas celui qui avait été vérifié auparavant, ou il n’est plus là :"
        " la fin a été retirée, ou tout a été scellé de nouveau."
    ),
    Case.SEAL_ODD: (
        "Le sceau %(seal)s a été modifié (%(why)s) ; ce qui en dépend n’a pas été vérifié."
    ),
    Case.NOT_COVERED: (
        "La tentative %(attempt)s de %(flow)s n’est pas sous le sceau %(seal)s, quoi qu’en dise son"
        " maillon : elle a été ajoutée, ou son maillon modifié."
    ),
    Case.LINK_ODD: (
        "Le maillon de la tentative %(attempt)s a été modifié (%(why)s) ; ce qui en dépend n’a pas"
        " été vérifié."
    ),
    Case.LINK_MISSING: (
        "Le maillon de la tentative %(attempt)s manque ; le sceau %(seal)s le couvre."
    ),
    Case.ROOT: "Sceau %(seal)s : sa racine n’est pas celle de ses %(links)s maillons.",
    Case.TOKEN_ALTERED: "Sceau %(seal)s : l’horodatage de %(url)s a été modifié (%(why)s).",
    Case.TOKEN_UNTRUSTED: (
        "Sceau %(seal)s : l’horodatage de %(url)s a été modifié, ou ne mène à aucune racine"
        " reconnue ici (FLEET_TIMESTAMP_ROOTS)."
    ),
    Case.CHAIN_BROKEN: (
        "La chaîne de %(flow)s est rompue au maillon %(link)s (tentative %(attempt)s) : le maillon"
        " d’avant n’est pas celui qu’il nomme."
    ),
    Case.CHAIN_GAP: (
        "La chaîne de %(flow)s est rompue : après le maillon %(before)s vient le %(link)s ; ce qui"
        " était entre les deux a été supprimé ou déplacé."
    ),
    Case.ATTEMPT_DELETED: (
        "La tentative %(attempt)s de %(flow)s a été supprimée : son maillon, le %(link)s de la"
        " chaîne, est là."
    ),
    Case.ATTEMPT_INSERTED: (
        "La tentative %(attempt)s de %(flow)s n’est dans aucune chaîne : elle a été ajoutée, ou son"
        " maillon supprimé."
    ),
    Case.ATTEMPT_ODD: "La tentative %(attempt)s de %(flow)s a été modifiée (%(why)s).",
    Case.ATTEMPT_ALTERED: (
        "La tentative %(attempt)s de %(flow)s a été modifiée : sa fiche n’est pas celle de son"
        " maillon."
    ),
    Case.FILE_MISSING: "Le fichier %(file)s de la tentative %(attempt)s manque.",
    Case.FILE_ALTERED: (
        "Le fichier %(file)s de la tentative %(attempt)s a été modifié : ses octets donnent une"
        " autre empreinte."
    ),
    Case.PLAN_CHANGED: (
        "Le plan de mesure %(plan)s, que nomme le sceau %(seal)s, n’est plus celui d’alors : son"
        " germe, ses intervalles ou ses dates ont été modifiés, ou il a été supprimé."
    ),
    Case.PLAN_ODD: (
        "Les plans de mesure, ou depuis quand ils sont suivis, ont été modifiés (%(why)s)."
    ),
    Case.DUE_OPEN: (
        "Une visite de %(flow)s était prévue le %(due)s ; ni tentative ni visite manquée n’en rend"
        " compte : elle a été supprimée."
    ),
    Case.DUE_MORE: (
        "%(count)s autres visites de %(flow)s étaient prévues, dont rien ne rend compte."
    ),
    Case.MENTIONS_ROOT: (
        "Le sceau %(seal)s couvre %(said)s mentions (visites manquées, retraits, observations) ; il"
        " y en a %(count)s, ou d’autres : elles ont été modifiées ou supprimées."
    ),
    Case.MENTION_CHANGED: (
        "Ce que le sceau %(seal)s dit de %(about)s (%(kind)s) n’est pas ce qui est gardé : modifié"
        " ou supprimé."
    ),
    Case.LINK_EARLY: (
        "La tentative %(attempt)s de %(flow)s a fini le %(ended)s et a été enchaînée avant, le"
        " %(linked)s : l’une des deux heures est fausse."
    ),
    Case.SEAL_EARLY: (
        "Le sceau %(seal)s a été fait le %(sealed)s, avant que la tentative %(attempt)s, qu’il"
        " couvre, ne soit enchaînée, le %(linked)s."
    ),
    Case.TOKEN_EARLY: (
        "Le sceau %(seal)s a été fait le %(sealed)s, après son horodatage par %(url)s, le"
        " %(stamped)s."
    ),
    Case.SITE_CLOCK: (
        "Tentative %(attempt)s de %(flow)s : notre horloge était %(seconds)s s après celle de tous"
        " les sites qui ont répondu ; elle était fausse, ou la tentative est d’un autre moment."
    ),
    Case.OTHER_KEY: (
        "Signé avec la clé publique %(key)s, qui n’est pas celle du dossier de données : la clé a"
        " été remplacée, ou tout a été scellé à nouveau ; comparez-la avec celle qui est publiée."
    ),
    Case.FILE_REMOVED: "Le fichier %(file)s a été retiré le %(day)s : %(reason)s.",
    Case.NOT_STAMPED: "Sceau %(seal)s : aucun horodatage de %(url)s (%(why)s).",
    Case.NO_AUTHORITY: (
        "Le sceau %(seal)s n’a aucun horodatage : aucune autorité n’était configurée."
    ),
    Case.NOT_MENTIONED: "%(count)s mentions (%(kind)s) ne sont sous aucun sceau.",
    Case.NOT_SEALED: "%(count)s tentatives de %(flow)s ne sont sous aucun sceau.",
}
"""For each case; its words name the same values."""


def finding_text(words: Words, finding: Finding) -> str:
    """The finding in the language of `words`; what others wrote in it cannot turn the line."""
    if words.language == "en":
        return escape_bidi(f"{finding[:1].upper()}{finding[1:]}.".replace("..", "."))
    return escape_bidi(with_spaces(FRENCH[finding.case]) % finding.values)
