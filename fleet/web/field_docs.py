"""
What each field of the data means, in French (keys): for `/donnees` and `/api/docs`.

The classes are those of `fleet.models`; a test fails while a field has no words.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet.rendering.i18n import N_

ATTEMPT: Mapping[str, str] = {
    "id": N_("identifiant de la tentative ; il ne change jamais"),
    "run_id": N_("passage du robot dont elle fait partie"),
    "scenario_id": N_("démarche visitée : département et nom, `63/titre-de-sejour`"),
    "scenario_version": N_(
        "version de la façon de mesurer ; quand elle change, la série est coupée"
    ),
    "department": N_("code du département, en texte : `01`, `2A`, `971`"),
    "flow": N_("nom de la démarche"),
    "control": N_("vrai : démarche témoin, destinée à un autre public"),
    "url": N_("adresse par laquelle la tentative a commencé"),
    "ruleset": N_("version des règles communes qui ont donné le verdict"),
    "number": N_("numéro de la tentative dans sa visite : 2 et 3 suivent un site indisponible"),
    "verdict": N_("comment la tentative a fini (voir la méthode)"),
    "group": N_("famille du verdict : réponse, refus, site indisponible, de notre fait"),
    "detail": N_("ce qui a été vu, en une phrase, en anglais"),
    "signs": N_("ce qui, sur la page, prouve le verdict"),
    "first_dates": N_("les deux premiers jours proposés ; vide si la page n’en nomme pas"),
    "slot_count": N_("nombre de rendez-vous affichés ; vide si non compté"),
    "facts": N_("ce que la page disait d’autre, par nom : prochaine mise en ligne, fermeture…"),
    "missing_anchor": N_("mots attendus que la tentative n’a trouvés sur aucune page ; vide sinon"),
    "due_at": N_("instant où la visite était prévue (UTC) ; vide si demandée à la main"),
    "started_at": N_("début de la tentative, en temps universel (UTC)"),
    "seconds": N_("durée de la tentative, en secondes"),
    "served": N_("documents servis par le site, dans l’ordre : adresse, code HTTP, instant"),
    "dialogs": N_("boîtes de dialogue ouvertes par la page"),
    "notes": N_("ce que le robot a remarqué ou empêché pendant la tentative"),
    "evidence": N_("fichiers conservés : captures, code des pages, relevés de leur texte"),
    "chromium_version": N_("version du navigateur"),
    "fleet_version": N_("version du robot"),
    "circumstances": N_(
        "circonstances : navigateur, horloge, serveurs ; vide pour les tentatives plus anciennes"
    ),
}

CSV_ONLY: Mapping[str, str] = {
    "last_status": N_("code HTTP du dernier document servi"),
    "last_url": N_("adresse du dernier document servi"),
    "last_picture": N_("empreinte SHA-256 de la dernière capture ; son image est à `/preuve/…`"),
}

EVIDENCE: Mapping[str, str] = {
    "kind": N_("`picture` : capture ; `html` : code de la page ; `outline` : son texte visible"),
    "step": N_("page de la tentative, à partir de 0"),
    "sha256": N_("empreinte des octets ; c’est aussi le nom du fichier"),
    "size_bytes": N_("taille en octets"),
    "taken_at": N_("instant de la prise, en temps universel (UTC)"),
    "url": N_("adresse de la page à cet instant"),
    "title": N_("titre de la page"),
    "truncated": N_("vrai : le fichier a été coupé parce que la page était trop grande"),
    "marks": N_(
        "où les signes qui ont décidé se trouvent sur la dernière capture ; vide si non noté"
    ),
}

MARK: Mapping[str, str] = {
    "sign": N_("le signe, dans les mots de `signs`"),
    "boxes": N_("ses rectangles sur la capture : gauche, haut, largeur, hauteur, en pixels"),
    "outside": N_("vrai : le signe, ou une partie, se trouve hors de ce que montre la capture"),
}

SERVED: Mapping[str, str] = {
    "url": N_("adresse du document"),
    "status": N_("code HTTP"),
    "at": N_("instant de la réponse, en temps universel (UTC)"),
    "server_date": N_("heure annoncée par le site (en-tête `Date`) ; elle n’est pas certaine"),
    "age_s": N_("secondes pendant lesquelles un cache a gardé la réponse (en-tête `Age`)"),
    "location": N_("où une redirection menait (en-tête `Location`)"),
    "address": N_("adresse IP et port qui ont répondu ; vide si non notés"),
}

CIRCUMSTANCES: Mapping[str, str] = {
    "fresh_context": N_("vrai : navigateur vierge, sans rien d’une tentative d’avant"),
    "environment": N_("la machine et le navigateur"),
    "user_agent": N_("en-tête User-Agent tel qu’envoyé ; vide si aucune requête n’est partie"),
    "clock_at_start": N_("état de l’horloge au début de la tentative"),
    "clock_at_end": N_("état de l’horloge à la fin de la tentative"),
    "servers": N_("les serveurs qui ont répondu, dans l’ordre"),
}

ENVIRONMENT: Mapping[str, str] = {
    "system": N_("système d’exploitation et noyau"),
    "browser": N_("programme du navigateur"),
    "playwright": N_("version de Playwright, qui commande le navigateur"),
    "window_width_px": N_("largeur de la fenêtre, en pixels"),
    "window_height_px": N_("hauteur de la fenêtre, en pixels"),
    "device_scale": N_("pixels de l’écran par pixel de la page"),
    "locale": N_("langue du navigateur"),
    "time_zone": N_("fuseau horaire du navigateur"),
    "proxy": N_("`none` : aucun ; `environment` : celui de la machine"),
    "egress_address": N_("adresse IP de la machine, déclarée par l’exploitant ; vide : inconnue"),
}

CLOCK: Mapping[str, str] = {
    "source": N_("d’où vient ce qui suit : le noyau du système, ou inconnu"),
    "synchronised": N_("vrai : l’horloge est tenue à l’heure (NTP) ; vide : inconnu"),
    "offset_s": N_("secondes que le noyau ajoute encore à l’horloge ; vide : inconnu"),
    "max_error_s": N_("erreur maximale en secondes, d’après le noyau ; vide : inconnue"),
}

SERVER: Mapping[str, str] = {
    "origin": N_("site qui a répondu : protocole, nom et port"),
    "address": N_("adresse IP et port"),
    "protocol": N_("version de HTTP"),
    "tls": N_("version du chiffrement (TLS) ; vide sans chiffrement"),
    "certificate": N_("certificat montré ; vide sans chiffrement"),
}

CERTIFICATE: Mapping[str, str] = {
    "issuer": N_("qui l’a délivré"),
    "subject": N_("à qui il est délivré"),
    "valid_from": N_("début de validité, en temps universel (UTC)"),
    "valid_until": N_("fin de validité, en temps universel (UTC)"),
    "sha256": N_("empreinte du certificat (DER) ; vide si non notée"),
}

DIALOG: Mapping[str, str] = {
    "kind": N_("`alert`, `confirm` ou `prompt`"),
    "message": N_("ses mots"),
    "at": N_("instant, en temps universel (UTC)"),
}

JUDGEMENT: Mapping[str, str] = {
    "attempt_id": N_("tentative relue"),
    "scenario_id": ATTEMPT["scenario_id"],
    "scenario_version": N_("version du scénario qui a relu"),
    "ruleset": N_("version des règles qui ont relu"),
    "judged_at": N_("instant de la relecture, en temps universel (UTC)"),
    "verdict": N_("verdict de la relecture"),
    "group": ATTEMPT["group"],
    "detail": ATTEMPT["detail"],
    "signs": ATTEMPT["signs"],
    "first_dates": ATTEMPT["first_dates"],
    "slot_count": ATTEMPT["slot_count"],
    "facts": ATTEMPT["facts"],
    "missing_anchor": ATTEMPT["missing_anchor"],
}

WORDS: Mapping[str, Mapping[str, str]] = {
    "Attempt": ATTEMPT,
    "Evidence": EVIDENCE,
    "Mark": MARK,
    "Served": SERVED,
    "Dialog": DIALOG,
    "Circumstances": CIRCUMSTANCES,
    "Environment": ENVIRONMENT,
    "Clock": CLOCK,
    "Server": SERVER,
    "Certificate": CERTIFICATE,
    "Judgement": JUDGEMENT,
}
"""By the name of the class."""
