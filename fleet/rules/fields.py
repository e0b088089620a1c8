"""
The guard of what is typed: what a form asks of anybody, and nothing else.

A visit may type a post code, a town or a day to come, into a field that the scenario has declared.
The field must say by itself that it asks for that, in every name that it has: a name that is not
known here is a reason to refuse, as is a form that also asks who somebody is. Nothing that is
personal is known of any visitor, so there is nothing true to type anywhere else.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from fleet.errors import GuardRefused
from fleet.rules.guard import FALSE_ALARM, check_press
from fleet.rules.signs import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet.models import Scenario
    from fleet.models.scenario import EntryKind

LATEST = timedelta(days=366)
"""How far ahead a day may lie that is typed; none lies behind, so none is a day of birth."""

_KINDS: dict[str, re.Pattern[str]] = {
    "post_code": re.compile(r"\b(?:codes? ?postal|cp|post ?code|postal ?code|zip(?: ?code)?)\b"),
    "town": re.compile(r"\b(?:communes?|villes?|localite|town|city|address level ?2)\b"),
    "date": re.compile(r"\b(?:dates?|jour|day)\b"),
}
"""What a field is called, without accents and signs, that asks for each of them."""

_VALUES: dict[str, re.Pattern[str]] = {
    "post_code": re.compile(r"[0-9]{5}"),
    "town": re.compile(r"[^\W\d_](?:[^\W\d_]|[ '’-](?=[^\W\d_])){0,58}(?: [0-9]{1,2})?"),
}

_TYPES = {
    "post_code": ("text", "search", "number"),
    "town": ("text", "search"),
    "date": ("text", "date"),
}

_PLAIN = frozenset(
    """
    a app appointment au auto autocomplete aux box calendar calendrier champ choice choisi
    choix code content control critere criteria ctl ctrl d data datepicker de debut default
    des desired domicile du edit en entry et etape field fields filter filtre form forms
    formulaire from guichet in input insee l la le les lieu main mat mui of ou page picker
    place prefecture q query rdv recherche rendez residence saisie search select selected
    souhaite souhaitee start step tb text textbox the to txt val valeur value vos votre vous
    widget your
    """.split()  # noqa: SIM905 (a line for each word would be forty lines)
)
"""Words of a field's technical name that say nothing of what it asks for."""

_OFF = ("", "on", "off", "nope", "none", "false", "new password")
"""`autocomplete` that says nothing, and is often written to keep browsers from helping."""

_AROUND = re.compile(r"\b(?:section \S+|shipping|billing|home|work)\b")

_TOWN_NAME = re.compile(
    r"\bnom (?:de (?:la |votre )?)?(?:commune|ville|localite)\b|\b(?:city|town) ?name\b"
    r"|\baddress level ?2\b"
)
"""The name of a town is no name of a person, nor an address."""

_PERSONAL = re.compile(
    r"\b(?:ne|nee|nes|nom|noms|name|names|sexe|sex|gender|genre|age|dob|bday|mel|tel|gsm|fax|id|ids"
    r"|num|no|n|nr|ref|pin|otp|pass|pwd|user|rue|voie|street|avenue|pays|country|card|carte|cni|vin"
    r"|cle|key|nir|secu|titre|sejour|permis|permit|objet|motif|texte|entree|entry into|arrivee)\b"
    r"|prenom|lastname|firstname|fullname|username|surname|forename|givenname|family|patronym|usage"
    r"|jeunefille|jeune fille|civilite|naissance|birth|mail|courriel|phone|mobile|portable|numero"
    r"|number|identi|login|compte|account|passe|captcha|securit|verif|dossier|demande|agdref"
    r"|etranger|foreigner|visa|passport|recepisse|expir|validite|delivr|obtention|adress|address"
    r"|nationalit|profession|employ|iban|siret|immatricul|plaque|message|comment|observation"
    r"|remarque|question|description|signature|mariage|wedding|deces|enfant|child|conjoint|spouse"
    r"|parent|reference|token|secret|entree en france"
)
"""What asks who somebody is, or for words of their own; in names and labels, without accents."""

_WHO = re.compile(
    r"\b(?:ne|nee|nom|prenom|sexe|sex|gender|genre|age|bday|honorific|indicatif|marital)\b"
    r"|lastname|firstname|surname|civilite|naissance|birth|phone|nationalit|profession|familial"
)
"""What a list is called whose options say who somebody is; one of procedures may say much else."""

_PERSONAL_TYPES = ("email", "tel", "password", "file", "url", "textarea")

_TIME = re.compile(r"\b\d{1,2} ?[h:] ?[0-5]\d\b|\b\d{1,2} ?h(?:eures?)?\b")


@dataclass(frozen=True, slots=True)
class FormField:
    """
    A field or a list as it describes itself to people and to programs.

    `labels` is all that a person may call it by, `beside` the other fields of its form.
    """

    tag: str
    type: str
    name: str = ""
    id: str = ""
    autocomplete: str = ""
    inputmode: str = ""
    labels: tuple[str, ...] = ()
    beside: tuple[FormField, ...] = ()

    @property
    def words(self) -> str:
        """What it is called, for messages."""
        said = next((each.strip() for each in self.labels if each.strip()), "")
        technical = self.name or self.id
        return f"{said[:80]!r} ({self.tag} {self.type}, name {technical[:80]!r})"


def _plain(words: str) -> str:
    """In small letters, without accents; `codePostal`, `code_postal` and « Code postal » alike."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", words)
    folded = unicodedata.normalize("NFKD", words.replace("œ", "oe")).encode("ascii", "ignore")
    return " ".join(re.findall(r"[a-z]+|\d+", folded.decode().lower()))


def _personal(field: FormField) -> str | None:
    """Why a field asks who somebody is; None if nothing says so."""
    if field.type in _PERSONAL_TYPES or field.inputmode in ("email", "tel"):
        return f"its type is {field.inputmode or field.type}"
    technical = (field.name, field.id, field.autocomplete)
    for said in (*technical, *field.labels):
        plain = _TOWN_NAME.sub("", _plain(said))
        if found := _PERSONAL.search(plain) or _PERSONAL.search(plain.replace(" ", "")):
            return f"{said.strip()[:80]!r} says {found.group()!r}"
    return None


def check_declaration(words: str, kind: EntryKind) -> None:
    """
    Raises:
        ValueError: these words are not what a field is called that asks for this.
    """
    why = _personal(FormField("input", "text", labels=(words,)))
    if kind not in _KINDS:
        raise ValueError(f"enters={{{words!r}: {kind!r}}}: expected one of {', '.join(_KINDS)}")
    if why is None and not _KINDS[kind].search(_plain(words)):
        why = f"they do not say that a {kind.replace('_', ' ')} is asked for"
    if why is not None:
        raise ValueError(
            f"enters={{{words!r}: {kind!r}}}: these words do not fit ({why}); only a post code, a"
            " town or a day is ever typed, and the words are the field's own, such as 'Code postal'"
        )


def kind_of(words: str) -> EntryKind | None:
    """What a field with these words asks for of anybody; None: for something else."""
    kinds: tuple[EntryKind, ...] = ("post_code", "town", "date")
    if _personal(FormField("input", "text", labels=(words,))):
        return None
    return next((kind for kind in kinds if _KINDS[kind].search(_plain(words))), None)


def check_entry(
    scenario: Scenario, words: str, value: str | date, field: FormField, today: date
) -> str:
    """
    What may be typed into a field, as it is typed.

    Args:
        words: those by which the scenario has declared it.

    Raises:
        GuardRefused: it was not declared, or is no such field, or this is no such value.
    """
    declared = {normalise(each.words): each.kind for each in scenario.enters}
    kind = declared.get(normalise(words))
    if kind is None:
        known = ", ".join(repr(each.words) for each in scenario.enters) or "nothing"
        why: str | None = f"the scenario declares {known} in `enters`, not these words"
        typed: str | None = None
    else:
        typed = _typed(kind, value, field, today)
        why = f"{str(value)[:40]!r} is no {_WHAT[kind]}" if typed is None else None
        why = why or _unfit(kind, field)
    if why is not None or typed is None:
        raise GuardRefused(
            f"{scenario.id}: the guard refused to type into {words!r}, which is {field.words}:"
            f" {why}. Only a post code, a town or a day to come is typed, where a form asks anybody"
            f" for it; nothing was typed. {FALSE_ALARM}"
        )
    return typed


def same_entry(typed: str, shown: str) -> bool:
    """Whether a field shows what was typed, however it writes it (a mask, large letters)."""
    return "".join(_plain(typed).split()) == "".join(_plain(shown).split())


_WHAT = {
    "post_code": "post code of five digits",
    "town": "town's name",
    "date": f"day from today to {LATEST.days} days ahead (such as '30/11/2026')",
}


def _typed(kind: EntryKind, value: str | date, field: FormField, today: date) -> str | None:
    """The value as it is typed into this field; None if it is none of this kind."""
    if kind != "date":
        return value if isinstance(value, str) and _VALUES[kind].fullmatch(value) else None
    day = _day_of(value)
    if day is None or not today <= day <= today + LATEST:
        return None
    return day.isoformat() if field.type == "date" else day.strftime("%d/%m/%Y")


def _day_of(value: str | date) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    for form in ("%d/%m/%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(value, form).date()  # noqa: DTZ007 (a day has no time zone)
        except ValueError:
            continue
    return None


def _unfit(kind: EntryKind, field: FormField) -> str | None:
    """Why a field does not ask for this, or not only for this; None: it does."""
    if field.tag != "input" or field.type not in _TYPES[kind]:
        return f"a {kind.replace('_', ' ')} is typed into a field of type {_TYPES[kind][0]} only"
    if why := _personal(field):
        return why
    completes = _AROUND.sub("", _plain(field.autocomplete)).strip()
    if completes not in _OFF and not _KINDS[kind].search(completes):
        return f"autocomplete {field.autocomplete[:80]!r} says something else"
    said = [_plain(each) for each in (field.name, field.id, field.autocomplete, *field.labels)]
    if field.type != "date" and not any(_KINDS[kind].search(each) for each in said):
        return f"nothing of it says that a {kind.replace('_', ' ')} is asked for"
    for other, named in _KINDS.items():
        if other != kind and named.search(_plain(field.name)):
            return f"its name {field.name[:80]!r} says {other.replace('_', ' ')}"
    if unknown := _unknown(field.name):
        return f"its name {field.name[:80]!r} says {unknown!r}, which is not known here"
    for each in field.beside:
        if why := _personal(each):
            return f"its form also asks for {each.words}: {why}"
    return None


def _unknown(name: str) -> str | None:
    """A word of a technical name that may mean anything."""
    plain = _plain(name)
    for named in (_TOWN_NAME, *_KINDS.values()):
        plain = named.sub(" ", plain)
    words = (each for each in plain.split() if each.isalpha() and len(each) > 1)
    return next((each for each in words if each not in _PLAIN), None)


def check_option(
    scenario_id: str, field: FormField, words: str, address: str | None, names: Iterable[str] = ()
) -> None:
    """
    Refuse an option that would take or hold a slot, or that says who somebody is.

    Args:
        address: what the option stands for, if that is an address.

    Raises:
        GuardRefused: names the scenario, the option and why.
    """
    check_press(scenario_id, words, address, names)
    why = "an hour is a slot" if _TIME.search(normalise(words)) else None
    for said in (field.name, field.id, field.autocomplete, *field.labels):
        if why is None and (found := _WHO.search(_TOWN_NAME.sub("", _plain(said)))):
            why = f"{said.strip()[:80]!r} says {found.group()!r}"
    if why is not None:
        raise GuardRefused(
            f"{scenario_id}: the guard refused to take the option {words[:80]!r} of the list"
            f" {field.words}: {why}. The fleet only reads; end the scenario one step earlier."
            f" {FALSE_ALARM}"
        )
