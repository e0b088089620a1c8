"""The figures pages: overview, prefecture, flow, and the charts as files."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.async_api import Page as BrowserPage

from fleet.analysis.rates import Counts
from fleet.analysis.samples import Try, count
from fleet.errors import BadInput
from fleet.models import Verdict, now
from fleet.models.missed import MissReason
from fleet.models.paris import paris_day
from fleet.models.query import Period
from fleet.models.scenario import DeclaredEntry
from fleet.rendering import figure_words
from fleet.rendering.i18n import Language, Words
from fleet.rendering.scale import day_state, level, share_text
from fleet.storage.figures.figures import FlowFigures, flow_figures
from fleet.web.api import figure_models as api
from fleet.web.charts import plots
from fleet.web.charts.calendar import months_of
from fleet.web.charts.hours import hours_of
from fleet.web.charts.map import map_departments
from fleet.web.charts.tables import TABLES, table
from fleet.web.charts.weekly import line_of, stretches, top_of, weeks_of
from fleet.web.context import WebContext
from fleet.web.pages import chart
from fleet.web.period import period_of
from tests.storage.databases import own_store
from tests.storage.figures.test_rollups import add, attempt_at, missed_at
from tests.web.conftest import Site, client, plain, serving

FLOW = "/demarche/63/titre-de-sejour"
CHARTS = "/graphique/63/titre-de-sejour"


def figures(
    *seen_: tuple[str, Verdict],
    version: str = "a",
    changed: str = "",
    drawn: bool = True,
    missed: dict[date, dict[MissReason, int]] | None = None,
) -> FlowFigures:
    """What is counted of attempts that began at these instants (UTC)."""
    tries = [
        Try(
            id=f"{n:03}",
            run_id=f"run {n}",
            scenario_id="63/titre-de-sejour",
            scenario_version="b" if changed and at >= changed else version,
            control=False,
            number=1,
            verdict=verdict,
            first_dates=(),
            started_at=datetime.fromisoformat(at).replace(tzinfo=UTC),
            due_at=datetime.fromisoformat(at).replace(tzinfo=UTC) if drawn else None,
        )
        for n, (at, verdict) in enumerate(seen_)
    ]
    days = sorted(count(tries).values(), key=lambda each: each.day)
    found = flow_figures(days, "63/titre-de-sejour", missed or {})
    assert found
    return found


async def text(page: BrowserPage, selector: str) -> str:
    return re.sub(r"\s+", " ", await page.inner_text(selector))


# shares


@pytest.mark.parametrize(
    ("slots", "n", "said"),
    [
        (0, 9, "0 %"),
        (1, 3000, "< 0,1 %"),
        (2999, 3000, "> 99,9 %"),
        (9, 9, "100 %"),
        (1, 14, "7,1 %"),
    ],
)
def test_something_is_never_written_as_nothing(slots: int, n: int, said: str) -> None:
    assert plain(share_text(Words("fr"), slots / n)) == said


def test_only_exactly_nothing_has_the_colour_of_nothing() -> None:
    assert [level(share) for share in (None, 0, 1e-9, 0.05, 0.051, 1)] == [
        *("none", "l0", "l1", "l1", "l2", "l5")
    ]


def test_a_day_with_one_slot_among_failures_shows_the_slot() -> None:
    assert day_state(Counts({Verdict.OVERLOAD: 20, Verdict.SLOTS: 1})) == "slots"
    assert day_state(Counts({Verdict.OVERLOAD: 20, Verdict.CAPTCHA: 1})) == "refused"
    assert day_state(Counts()) == "unseen"


# period


def test_a_period_is_the_last_thirty_days_unless_another_is_asked_for() -> None:
    today = paris_day(now())

    assert period_of({}).period == Period(first=today - timedelta(days=29), last=today)
    assert period_of({"jours": "7", "du": "", "au": ""}).days == 7
    assert period_of({"du": "2026-10-01", "au": "2026-10-31"}).fixed == {
        "du": "2026-10-01",
        "au": "2026-10-31",
    }


@pytest.mark.parametrize(
    "query",
    [
        {"jours": "0"},
        {"jours": "٣٠"},
        {"jours": "99999"},
        {"du": "2026-10-31", "au": "2026-10-01"},
        {"du": "hier"},
        {"au": "2026-10-01"},
        {"jours": "7", "du": "2026-10-01"},
        {"du": "2999-01-01"},
    ],
)
def test_what_is_no_period_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        period_of(query)


# map


def test_the_map_tells_no_visit_from_no_answer_from_never() -> None:
    counted = {
        "63": Counts({Verdict.NO_SLOTS: 100}),
        "2A": Counts({Verdict.CAPTCHA: 3, Verdict.CLOSED: 1}),
        "971": Counts({Verdict.SLOTS: 7, Verdict.NO_SLOTS: 93}),
        "75": Counts({Verdict.SLOTS: 1, Verdict.NO_SLOTS: 1}),
    }
    found = {place.code: place for place in map_departments(Words("fr"), counted)}

    assert [found[c].colour for c in ("63", "2A", "971", "01")] == [
        "l0",
        "silent",
        "l2",
        "unmeasured",
    ]
    assert plain(found["971"].label) == "Guadeloupe : 7,0 %, 100 réponses"
    assert (
        plain(found["2A"].label) == "Corse-du-Sud : aucune réponse sur les rendez-vous, 4 visites"
    )
    assert plain(found["01"].label) == "Ain : aucune visite"
    assert found["75"].few
    assert not found["63"].few
    assert found["971"].outline is None
    assert "00" not in found


# days, weeks, hours


def test_the_calendar_marks_the_day_on_which_measuring_changed() -> None:
    found = figures(
        ("2026-10-31 22:30", Verdict.NO_SLOTS),  # 23:30 in Paris
        ("2026-10-31 23:30", Verdict.SLOTS),  # the first of November in Paris
        ("2026-11-03 09:00", Verdict.NO_SLOTS),
        changed="2026-11-03",
    )
    months = months_of(found, Period(first=date(2026, 10, 30), last=date(2026, 11, 4)))
    days = {day.day: day for month in months for week in month.weeks for day in week if day}

    assert [d.day for d in days] == [30, 31, 1, 2, 3, 4]
    assert [day.seen for day in days.values()] == [
        *("unseen", "no_slots", "slots", "unseen", "no_slots", "unseen")
    ]
    assert [d for d, day in days.items() if day.changed] == [date(2026, 11, 3)]
    assert "la façon de mesurer a changé" in days[date(2026, 11, 3)].label(Words("fr"))
    assert [month.first.month for month in months] == [10, 11]


def test_a_day_is_as_dark_as_the_share_of_its_answers_that_offered_something() -> None:
    one = [("2026-11-02 08:00", Verdict.SLOTS)]
    rare = one + [
        (f"2026-11-02 {9 + n // 4:02}:{n % 4 * 15:02}", Verdict.NO_SLOTS) for n in range(23)
    ]
    often = [(f"2026-11-03 {8 + n:02}:00", Verdict.SLOTS) for n in range(9)]
    never = [("2026-11-04 08:00", Verdict.NO_SLOTS)]
    found = figures(*rare, *often, *never)
    (month,) = months_of(found, Period(first=date(2026, 11, 2), last=date(2026, 11, 5)))
    days = {day.day.day: day for week in month.weeks for day in week if day}

    assert (days[2].counts.rate.slots, days[2].counts.rate.n) == (1, 24)
    assert [days[n].shade for n in (2, 3, 4, 5)] == ["l1", "l5", "", ""]


def test_an_hour_without_answers_has_no_offer_rate_but_counts_as_an_outage() -> None:
    found = figures(("2026-11-02 08:15", Verdict.OVERLOAD), ("2026-11-02 09:15", Verdict.NO_SLOTS))
    rows = hours_of(found).rows

    assert (rows[9][0].offered.share, rows[9][0].down.share) == (None, 1)
    assert (rows[10][0].offered.share, rows[10][0].down.share) == (0, 0)
    assert (rows[10][1].offered.share, rows[10][1].down.share) == (None, None)


def test_only_an_hour_that_stands_out_is_coloured() -> None:
    """One answer of one with slots looks like what it is."""
    mondays = [datetime(2026, 8, 3, 7, 30, tzinfo=UTC) + timedelta(weeks=n) for n in range(13)]
    others = [monday + timedelta(hours=n) for monday in mondays for n in range(1, 100)]
    found = figures(
        *((at.isoformat(), Verdict.SLOTS) for at in mondays),
        *((at.isoformat(), Verdict.NO_SLOTS) for at in others),
        ((mondays[0] + timedelta(days=6)).isoformat(), Verdict.SLOTS),
    )
    week = hours_of(found)

    assert [*week.offered] == [(0, 9)]
    assert (week.rows[9][0].offered.colour, week.rows[9][0].offered.n) == ("l5", 13)
    assert (week.rows[9][6].offered.share, week.rows[9][6].offered.colour) == (1, "plain")
    assert week.rows[8][6].offered.colour == "none"
    rows = list(csv.DictReader(io.StringIO(table("semaine", found, made_up=True))))
    assert [(r["weekday"], r["paris_hour"]) for r in rows if r["offers_stand_out"] == "true"] == [
        ("1", "9")
    ]


def test_the_line_stops_where_a_week_has_no_answer() -> None:
    found = figures(
        ("2026-10-05 09:00", Verdict.NO_SLOTS),
        ("2026-10-12 09:00", Verdict.CAPTCHA),
        ("2026-10-26 09:00", Verdict.SLOTS),
        changed="2026-10-26",
    )
    weeks = weeks_of(found)
    line = line_of(weeks, found.breaks)

    assert [week.rate.n for week in weeks] == [1, 0, 0, 1]
    assert [[n for n, _ in stretch] for stretch in stretches(weeks)] == [[0], [3]]
    assert top_of(weeks) == 1
    assert (len(line.lines), len(line.bands), len(line.dots)) == (2, 2, 2)
    assert line.dots[0][0] < line.marks[0] < line.dots[1][0]


def test_a_flow_that_never_answered_is_drawn_without_a_line() -> None:
    found = figures(("2026-10-05 09:00", Verdict.CAPTCHA))

    assert line_of(weeks_of(found), found.breaks).lines == ()


def test_what_was_asked_for_by_hand_is_drawn_without_a_band() -> None:
    seen = (("2026-10-05 09:00", Verdict.NO_SLOTS), ("2026-10-12 09:00", Verdict.SLOTS))
    by_hand, drawn = figures(*seen, drawn=False), figures(*seen)

    assert line_of(weeks_of(by_hand), ()).bands == ()
    assert len(line_of(weeks_of(by_hand), ()).lines) == 1
    assert len(line_of(weeks_of(drawn), ()).bands) == 1
    rows = list(csv.DictReader(io.StringIO(table("taux", by_hand, made_up=True))))
    assert {row["low_95"] + row["bound_low_95"] for row in rows} == {""}
    assert {row["sampling"] for row in rows} == {"by_hand"}


def test_a_day_shows_what_was_seen_by_hand_or_by_a_retry_and_says_that_it_is_in_no_rate() -> None:
    monday = datetime(2026, 11, 2, 9, tzinfo=UTC)
    names = ("63/titre-de-sejour", "a", False)
    tries = [
        Try("1", "r", *names, 1, Verdict.OVERLOAD, (), monday, monday),
        Try("2", "r", *names, 2, Verdict.NO_SLOTS, (), monday + timedelta(minutes=1), monday),
        Try("3", "s", *names, 1, Verdict.SLOTS, (), monday + timedelta(days=1)),
    ]
    found = flow_figures(list(count(tries).values()), "63/titre-de-sejour")
    assert found
    (month,) = months_of(found, Period(first=date(2026, 11, 1), last=date(2026, 11, 4)))
    days = {day.day.day: day for week in month.weeks for day in week if day}

    assert [days[n].seen for n in (1, 2, 3)] == ["unseen", "no_slots", "slots"]
    assert found.totals.counts.rate.n == 0
    assert days[3].shade == "plain"
    assert plain(days[3].label(Words("fr"))) == (
        "3 novembre 2026 : 1 tentative de plus, dans aucun taux (rendez-vous proposé 1 fois)"
    )


def test_a_flow_that_was_due_and_never_visited_has_days_weeks_and_charts() -> None:
    day = date(2026, 11, 2)
    found = flow_figures([], "63/titre-de-sejour", {day: {MissReason.COOLING: 3}})
    assert found
    period = Period(first=day, last=day)

    assert found.totals.counts.unanswered_share == 1
    assert line_of(weeks_of(found), found.breaks).lines == ()
    for name in chart.TITLES:
        sheet = plots.PlotLabels("", "Title", ("head",), ("foot",))
        plots.draw(name, sheet, plots.PlotData(found, period, Words("fr")), "svg")
        table(name, found, made_up=True)


async def test_pages_pictures_tables_and_answers_say_the_same_numbers(mongodb_url: str) -> None:
    """Of 20 visits that were due: 12 answered, 1 with slots; 3 failed, 5 were not made."""
    flow, begin = "63/titre-de-sejour", now() - timedelta(days=2)
    verdicts = [Verdict.SLOTS, *[Verdict.NO_SLOTS] * 11, *[Verdict.OVERLOAD] * 3]
    made = [
        attempt_at(begin + timedelta(minutes=20 * n), verdict, scenario_id=flow)
        for n, verdict in enumerate(verdicts)
    ]
    aside = [
        attempt_at(begin, Verdict.SLOTS, scenario_id=flow, number=2, run_id=made[-1].run_id),
        attempt_at(begin, Verdict.SLOTS, scenario_id=flow, due_at=None),
    ]
    missed = [missed_at(begin + timedelta(hours=n, minutes=7), flow) for n in range(4)]
    missed.append(missed_at(begin + timedelta(hours=9), flow, MissReason.LATE))
    alone = "64/jamais-visitee"
    async with own_store(mongodb_url) as store:
        await add(store, *made, *aside)
        await store.missed_visits.add([*missed, missed_at(begin, alone)])
        library = WebContext(
            store=store, queries=store.queries, scenarios={}, made_up=True, data_dir=Path("/none")
        )
        async with serving(library) as url, client(url) as http:
            answers = [
                (await http.get(f"/api/rates?by={by}")).json()["items"][0]
                for by in ("flow", "department", "all&department=63")
            ]
            answers.append((await http.get(f"/api/calendars/{flow}")).json()["total"])
            pages = {
                page: plain((await http.get(page)).text)
                for page in ("/", "/departement/63", f"/demarche/{flow}")
            }
            english = plain((await http.get(f"/en/demarche/{flow}")).text)
            never = (await http.get(f"/api/calendars/{alone}")).json()["total"]
            unvisited = plain((await http.get(f"/demarche/{alone}")).text)
            no_hours = (await http.get(f"/graphique/{alone}/semaine.csv")).status_code
            picture = (await http.get(f"/graphique/{flow}/taux.svg")).text
            rows = list(
                csv.DictReader(io.StringIO((await http.get(f"/graphique/{flow}/taux.csv")).text))
            )

    counts = Counts(
        {Verdict.SLOTS: 1, Verdict.NO_SLOTS: 11, Verdict.OVERLOAD: 3},
        *(1, 1),
        missed={MissReason.COOLING: 4, MissReason.LATE: 1},
        by_hand=1,
    )
    for answer in answers:
        assert {name: answer[name] for name in api.Figures.model_fields} == json.loads(
            api.Figures.model_validate(api.figures(counts)).model_dump_json()
        )
    words = Words("fr")
    interval = plain(figure_words.range_text(words, counts.rate.interval))
    bounds = plain(figure_words.range_text(words, counts.bounds))
    assert (interval, bounds) == ("0,3 % à 57 %", "0,3 % à 67 %")
    for page, shown in pages.items():
        assert interval in shown, page
        assert bounds in shown, page
        assert "8,3 %" in shown, page  # 1 of 12
        assert "40 %" in shown, page  # 3 and 5 of 20
    beside = plain(figure_words.beside_sentence(words, {Verdict.SLOTS: 2}))
    assert beside in pages[f"/demarche/{flow}"]
    sampling = plain(figure_words.sampling_sentence(words, counts))
    assert sampling in pages[f"/demarche/{flow}"]
    assert sampling in plain(" ".join(re.findall(r"<!-- (.*?) -->", picture)))
    assert figure_words.sampling_sentence(Words("en"), counts) in english
    # a flow that was left alone all the time is there, and nothing is known of it
    assert (never["samples"], never["due"], never["unanswered_share"]) == (0, 1, 1)
    assert "1 visite prévue à un instant tiré au sort, 1 n’a pas été faite" in unvisited
    assert no_hours == 404
    assert sum(int(row["samples"]) + int(row["missed"]) for row in rows) == counts.due


# files


@pytest.mark.parametrize("name", TABLES)
def test_a_csv_adds_up_to_the_totals(name: str) -> None:
    found = figures(
        ("2026-10-05 09:00", Verdict.NO_SLOTS),
        ("2026-10-05 10:00", Verdict.OVERLOAD),
        ("2026-10-14 09:00", Verdict.SLOTS),
        ("2026-10-26 09:00", Verdict.CLOSED),
    )
    rows = list(csv.DictReader(io.StringIO(table(name, found, made_up=True))))

    wanted = found.totals.counts.rate.n if name == "delais" else found.totals.counts.samples
    assert sum(int(row["samples"]) for row in rows) == wanted
    assert {row["made_up"] for row in rows} == {"true"}
    assert {row["scenario_id"] for row in rows} == {"63/titre-de-sejour"}


@pytest.mark.parametrize("name", chart.TITLES)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_chart_is_drawn_of_anything_that_can_be_counted(name: str, language: Language) -> None:
    found = figures(
        *(
            (f"2026-{month:02}-{n + 1:02} 09:00", v)
            for month in (8, 11)
            for n, v in enumerate(Verdict)
        ),
        changed="2026-11",
    )
    sheet = plots.PlotLabels("", r"Title $x^{ with \frac", ("head",), ("https://a.example/$1_$2",))
    subject = plots.PlotData(
        found, Period(first=date(2026, 8, 1), last=date(2026, 11, 20)), Words(language)
    )
    picture = plots.draw(name, sheet, subject, "png")

    assert Image.open(io.BytesIO(picture)).size[0] == plots.WIDTH_IN * plots.DPI


@pytest.mark.parametrize("name", chart.TITLES)
async def test_a_picture_says_what_it_shows_and_that_it_is_practice(site: Site, name: str) -> None:
    got = await site.http.get(f"{CHARTS}/{name}.svg")
    # letters are drawn as outlines, so that they look the same everywhere; the words are beside
    words = plain(" ".join(re.findall(r"<!-- (.*?) -->", got.text)))

    assert got.headers["content-type"] == "image/svg+xml"
    assert "DONNÉES D’EXERCICE" in words
    assert "Titre de séjour : dépôt d'un dossier" in words
    assert "Puy-de-Dôme (63)" in words
    assert "n = 2 réponses" in words
    assert Words("fr").day(paris_day(now())) in words
    assert "Source : visites automatiques" in words
    assert "taux d’offre :" in words
    assert f"{site.url}/demarche/63/titre-de-sejour?du=" in words
    assert "exercice-63-titre-de-sejour" in got.headers["content-disposition"]


async def test_a_picture_that_did_not_change_is_not_sent_again(site: Site) -> None:
    first = await site.http.get(f"{CHARTS}/delais.png")
    again = await site.http.get(
        f"{CHARTS}/delais.png", headers={"If-None-Match": first.headers["etag"]}
    )
    english = await site.http.get(f"{CHARTS}/delais.png?langue=en")

    assert Image.open(io.BytesIO(first.content)).format == "PNG"
    assert (again.status_code, again.content) == (304, b"")
    assert english.headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"{CHARTS}/taux.pdf", 404),
        (f"{CHARTS}/autre.svg", 404),
        ("/graphique/63/jamais-vue/taux.svg", 404),
        ("/graphique/99/titre-de-sejour/taux.svg", 404),
        (f"{CHARTS}/taux.svg?langue=de", 400),
        (f"{CHARTS}/taux.svg?du=2016-01-01", 400),
        (f"{CHARTS}/taux.svg?jours=x", 400),
        (f"{CHARTS}/taux.svg?du=2020-01-01&au=2020-01-02", 404),
        ("/departement/96", 404),
        ("/departement/63?jours=x", 400),
        ("/demarche/63/jamais-vue", 404),
        ("/demarche/63/Nul", 404),
        ("/demarche/63/titre-de-sejour?jours=1&du=2026-11-01", 400),
        ("/?tri=rien", 400),
        ("/?tri=n&sens=haut", 400),
    ],
)
async def test_a_wrong_address_gets_an_error_page(site: Site, address: str, status: int) -> None:
    got = await site.http.get(address)

    assert got.status_code == status
    assert "<h1>" in got.text


# pages


async def test_map_and_table_of_the_overview_say_the_same(
    site: Site, browser_page: BrowserPage
) -> None:
    await browser_page.goto(f"{site.url}/")
    on_map = await browser_page.locator(".map a").evaluate_all(
        "links => links.map(link => [link.getAttribute('href'), link.getAttribute('aria-label')])"
    )
    labels = {href.rsplit("/", 1)[1]: plain(label) for href, label in on_map}

    assert len(on_map) == len(labels)  # no department is there twice
    assert labels["63"] == "Puy-de-Dôme : 0 %, 2 réponses"
    assert labels["94"] == "Val-de-Marne : aucune réponse sur les rendez-vous, 1 visite"
    assert labels["01"] == "Ain : aucune visite"
    row = await text(browser_page, "tr:has(a[href='/departement/63'])")
    assert re.sub(r"\s", " ", row) == ("Puy-de-Dôme 63 2 0 % à la main – 0 % 100 % sur 2 réponses")


async def test_a_flow_without_answers_has_a_dash_and_no_rate(
    site: Site, browser_page: BrowserPage
) -> None:
    await browser_page.goto(f"{site.url}/demarche/67/titre-de-sejour")
    card = await text(browser_page, "#taux-offre + ul > li")

    assert card == "Un rendez-vous est proposé – aucune réponse sur les rendez-vous"


async def test_the_table_is_sorted_by_links_without_any_script(site: Site) -> None:
    async def order(address: str) -> list[str]:
        got = await site.http.get(address)
        return re.findall(r'<th scope="row"><a href="/departement/(\w+)', got.text)

    first = await site.http.get("/?jours=7&tri=taux")
    back = re.search(r'aria-sort="ascending"[^>]*><a href="([^"]+)"', first.text)

    assert back is not None
    # those that have a rate first, whatever their number
    of_slots = (Verdict.SLOTS, Verdict.NO_SLOTS)
    answered = {a.department for a in site.attempts if a.verdict in of_slots and not a.control}
    others = {a.department for a in site.attempts} - answered
    assert await order("/") == [*sorted(answered), *sorted(others)]
    assert answered
    assert others
    assert (await order("/?jours=7&tri=taux"))[-1] not in ("63", "75")
    backwards = back[1].replace("&amp;", "&")
    assert (await order(backwards))[0] == "75"
    assert "jours=7" in backwards


async def test_a_prefecture_shows_control_flows_beside_those_of_foreigners(
    site: Site, browser_page: BrowserPage
) -> None:
    await browser_page.goto(f"{site.url}/departement/63")
    foreigners = await text(browser_page, "section[aria-labelledby='half-1']")
    control = await text(browser_page, "section[aria-labelledby='half-2']")

    assert "Titre de séjour" in foreigners
    assert "Permis de conduire" not in foreigners
    assert "100 % sur 2 réponses" in plain(control)
    latest = site.of("63/permis-de-conduire")
    # the practice site has no dates at weekends
    several = len(latest.first_dates) > 1
    words = "au moins deux dates sur un mois" if several else "une seule date possible sous un mois"
    assert f"{words} : 2" in control
    assert await browser_page.locator(f"a[href='/tentative/{latest.id}']").count() == 1
    assert await browser_page.locator("a[href='/galerie?demarche=63%2Fpermis-de-conduire']").count()


async def test_a_prefecture_that_nobody_measures_says_what_to_do(site: Site) -> None:
    got = await site.http.get("/departement/23")

    assert got.status_code == 200
    assert "fleet new" in got.text


async def test_a_flow_compares_itself_and_leads_to_the_pictures_of_each_day(
    site: Site, browser_page: BrowserPage
) -> None:
    today = paris_day(site.of("63/titre-de-sejour").started_at)
    await browser_page.goto(f"{site.url}{FLOW}")

    compared = await text(browser_page, "section[aria-labelledby='temoins'] tbody")
    assert "Permis de conduire" in compared
    day = browser_page.locator(f".month a[href*='du={today}']")
    label = plain(await day.get_attribute("aria-label") or "")
    assert label == f"{Words('fr').day(today)} : rendez-vous proposé 0 fois sur 2 réponses"
    assert await day.evaluate("link => link.closest('td').className") == "d-no_slots"
    form = browser_page.locator("dl.facts a[rel]")
    assert await form.get_attribute("href") == site.library.scenarios["63/titre-de-sejour"].url
    assert "noopener" in (await form.get_attribute("rel") or "")
    # two visits that saw the same are one picture
    images = browser_page.locator(".strip img")
    assert await images.count() in (1, 2)


async def test_a_flow_says_what_is_typed_there(site: Site) -> None:
    before = site.library.scenarios["63/titre-de-sejour"]
    entry = DeclaredEntry(words="Code postal", kind="post_code")
    site.library.scenarios[before.id] = before.model_copy(update={"enters": (entry,)})
    try:
        page = await site.http.get(FLOW)
        known = (await site.http.get("/api/scenarios?department=63")).json()["items"]
    finally:
        site.library.scenarios[before.id] = before

    assert "« Code postal »" in page.text
    typed = {each["id"]: each["enters"] for each in known}
    assert typed[before.id] == [entry.model_dump()]
    assert "Saisi par le robot" not in (await site.http.get(FLOW)).text


async def test_a_flow_without_visits_in_the_period_says_when_the_last_one_was(site: Site) -> None:
    got = await site.http.get(f"{FLOW}?du=2020-01-01&au=2020-01-02")

    assert "Aucune visite de cette démarche du 1" in got.text
    assert f"?du={paris_day(site.of('63/titre-de-sejour').started_at)}" in got.text


async def test_every_link_of_the_figures_pages_leads_somewhere(site: Site) -> None:
    found: set[str] = set()
    for page in ("/", "/departement/63", FLOW):
        got: httpx.Response = await site.http.get(page)
        found |= {h.replace("&amp;", "&") for h in re.findall(r'(?:href|src)="(/[^"#]*)', got.text)}
    elsewhere = re.compile(r"/(en/)?(departement/|graphique/.*(svg|png))")  # tested above
    found = {h for h in found if not elsewhere.match(h)}
    broken = {h: s for h in sorted(found) if (s := (await site.http.get(h)).status_code) >= 400}

    assert broken == {}
