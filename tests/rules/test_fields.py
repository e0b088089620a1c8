"""What may be typed where: by the scenario's declaration, the value, and the field's own names."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from fleet import Outcome, Visit, scenario
from fleet.catalog import loader
from fleet.errors import GuardRefused
from fleet.models import Scenario
from fleet.rules.fields import FormField, check_declaration, check_entry, check_option

CATALOGUE = Path(__file__).parents[2] / "scenarios"
TODAY = date(2026, 11, 30)
ENTERS = {"Code postal": "post_code", "Commune": "town", "Date souhaitée": "date"}
GOOD = {"Code postal": "63000", "Commune": "Clermont-Ferrand", "Date souhaitée": "15/12/2026"}


def declaring(enters: dict[str, str]) -> Scenario:
    url = "https://rdv.example/"
    made = scenario(department="63", flow="essai", title="Essai", url=url, enters=enters)  # type: ignore[arg-type]

    @made
    async def script(visit: Visit) -> Outcome:
        raise NotImplementedError

    return script


def field(words: str, **parts: object) -> FormField:
    return FormField(**{"tag": "input", "type": "text", "labels": (words,), **parts})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "given", "typed", "parts"),
    [
        ("Code postal", "63000", "63000", {"name": "codePostal", "id": "form_cp-1"}),
        ("code  POSTAL", "63000", "63000", {"name": "zip_code", "autocomplete": "postal-code"}),
        ("Code postal", "63000", "63000", {"name": "form[fields][4]", "type": "number"}),
        ("Code postal", "63000", "63000", {"name": "ctl00$main$txtCP", "autocomplete": "nope"}),
        ("Code postal", "20090", "20090", {"labels": ("Veuillez saisir le code postal *",)}),
        ("Code postal", "63000", "63000", {"labels": ("Où ?",), "name": "cp"}),
        ("Commune", "L'Haÿ-les-Roses", "L'Haÿ-les-Roses", {"name": "nomCommune"}),
        (
            "Commune",
            "Paris 14",
            "Paris 14",
            {"name": "ville", "autocomplete": "home address-level2"},
        ),
        ("Commune", "Lyon", "Lyon", {"labels": ("Nom de votre commune",), "type": "search"}),
        ("Date souhaitée", "15/12/2026", "15/12/2026", {"name": "date_rdv"}),
        ("Date souhaitée", date(2026, 12, 15), "15/12/2026", {"name": "q12"}),
        ("Date souhaitée", "15/12/2026", "2026-12-15", {"type": "date"}),
        ("Date souhaitée", datetime(2026, 12, 15, 9, tzinfo=UTC), "15/12/2026", {"name": "jour"}),
        ("Date souhaitée", TODAY, "30/11/2026", {"labels": ("Choisissez un jour",)}),
    ],
)
def test_what_a_form_asks_of_anybody_is_typed(
    words: str, given: str | date, typed: str, parts: dict[str, object]
) -> None:
    said = field(words, **parts)

    assert check_entry(declaring(ENTERS), words, given, said, TODAY) == typed


@pytest.mark.parametrize(
    "parts",
    [
        *(
            {"name": each}
            for each in ("nom", "lastname", "user[surname]", "numEtranger", "birthDate")
        ),
        *({"name": each} for each in ("dossier", "motif", "champLibre", "patronyme", "cp_email")),
        *(
            {"id": each}
            for each in ("txtNom", "nomUsage", "email", "tel", "phoneNumber", "passeport")
        ),
        *({"autocomplete": each} for each in ("name", "email", "tel", "bday", "street-address")),
        *(
            {"autocomplete": each}
            for each in ("cc-number", "one-time-code", "username", "given-name")
        ),
        *({"type": each} for each in ("email", "tel", "password", "url", "file", "time", "month")),
        *({"type": each} for each in ("hidden", "datetime-local", "color", "nouveau")),
        *({"tag": each} for each in ("textarea", "div", "select")),
        {"tag": "textarea", "type": "textarea"},
        {"inputmode": "email"},
        {"inputmode": "tel"},
        {"labels": ("Code postal, commune, date et nom",)},
        {"labels": ("Code postal, commune ou date", "Numéro de téléphone")},
        {"labels": ("Date, commune, code postal de naissance",)},
        {"labels": ("Date d'expiration du titre, commune, code postal",)},
        {"labels": ("Commune, code postal, date d’entrée en France",)},
        {"labels": ("Votre réponse",), "name": "q1"},
        {"beside": (field("Prénom"),)},
        {"beside": (field("Adresse électronique", type="email"),)},
        {"beside": (FormField("textarea", "textarea"),)},
    ],
    ids=str,
)
@pytest.mark.parametrize("words", ENTERS)
def test_nothing_is_typed_where_any_name_of_a_field_says_otherwise(
    words: str, parts: dict[str, object]
) -> None:
    with pytest.raises(GuardRefused, match="nothing was typed"):
        check_entry(declaring(ENTERS), words, GOOD[words], field(words, **parts), TODAY)


@pytest.mark.parametrize(
    ("words", "value"),
    [
        *(
            ("Code postal", each)
            for each in ("6300", "630000", "0612345678", "63000 x", "", "٦٣٠٠٠")
        ),
        *(("Commune", each) for each in ("", "a@b.fr", "9912345678", "63000", "Lyon\nx", "A" * 80)),
        *(
            ("Date souhaitée", each)
            for each in ("01/01/1990", "29/11/2026", "15/12/2028", "demain")
        ),
        ("Date souhaitée", date(1990, 1, 1)),
        ("Nom", "Clermont"),
        ("Code", "63000"),
    ],
)
def test_nothing_else_is_typed(words: str, value: str | date) -> None:
    with pytest.raises(GuardRefused, match="nothing was typed"):
        check_entry(declaring(ENTERS), words, value, field(words), TODAY)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Nom", "town"),
        ("Votre réponse", "town"),
        ("Commune de naissance", "town"),
        ("Date de naissance", "date"),
        ("Code postal", "town"),
        ("Code postal", "name"),
        ("Adresse e-mail", "post_code"),
        ("Numéro AGDREF", "post_code"),
    ],
)
def test_a_scenario_that_would_type_anything_else_is_none(words: str, kind: str) -> None:
    with pytest.raises(ValueError, match="enters"):
        check_declaration(words, kind)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=kind):
        declaring({words: kind})


def test_what_is_typed_is_part_of_a_version_and_nothing_changes_for_who_types_nothing() -> None:
    versions = [declaring(each).version for each in ({}, ENTERS, {"Code postal": "post_code"})]

    assert len(set(versions)) == 3
    assert versions[0] == declaring({}).version


@pytest.mark.parametrize(
    ("words", "parts", "address"),
    [
        ("09:45", {}, None),
        ("Mardi 1 décembre à 9h45", {}, None),
        ("9 h", {}, None),
        ("Confirmer", {}, None),
        ("libre", {}, None),
        ("Suite", {}, "https://rdv.example/booking/create/1/5"),
        ("Algérienne", {"name": "nationalite"}, None),
        ("Madame", {"labels": ("Civilité",)}, None),
        ("1990", {"labels": ("Année de naissance",)}, None),
    ],
)
def test_an_option_that_is_a_slot_or_says_who_somebody_is_is_refused(
    words: str, parts: dict[str, object], address: str | None
) -> None:
    said = field("Liste", **{"tag": "select", "type": "select-one", **parts})

    with pytest.raises(GuardRefused):
        check_option("63/essai", said, words, address)


def test_no_flow_of_the_catalogue_types_anything() -> None:
    assert not [each.id for each in loader.load(CATALOGUE).scenarios if each.enters]


def test_an_option_that_chooses_a_desk_is_taken() -> None:
    for words in ("Clermont-Ferrand", "Guichet 12", "Renouvellement d'un titre de séjour", "63"):
        for label in (
            "Votre guichet",
            "Démarche",
            "Département",
            "Motif de la demande",
            "Type de titre",
        ):
            check_option("63/essai", field(label, tag="select"), words, None)
