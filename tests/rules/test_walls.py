"""Walls and waiting rooms are known by how they begin; who quotes or explains one is no wall."""

from __future__ import annotations

import pytest

from fleet.models import Verdict
from fleet.models.outcome import WAITING_ROOM
from fleet.rules.classifier import judge_gate, judge_page, judge_status
from fleet.rules.signs import PageReading
from fleet.rules.waiting_rules import WAITING_HOSTS, WAITING_ROOMS
from fleet.rules.wall_rules import WallRule
from fleet.rules.walls import RULES, WALL_CHARACTERS, Reach, judge_wall

URL = "https://www.puy-de-dome.gouv.fr/booking/create/14510/2"

ANSWER = "Aucun créneau disponible pour le moment."


def page(text: str, *headings: str, title: str = "", url: str = URL) -> PageReading:
    return PageReading(url=url, title=title, text=text, headings=headings)


def name(rule: WallRule) -> str:
    return f"{rule.sentence[:40]}|{'|'.join(rule.beside)[:20]}"


def wording(rule: WallRule) -> str:
    said = rule.sentence.replace(" … ", " 192.0.2.1 a été ")
    return f"{said}.\n{rule.beside[0] if rule.beside else 'Merci.'}"


# Every rule --------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_every_rule_knows_its_page(rule: WallRule) -> None:
    seen = page(wording(rule), title=rule.sentence if rule.title else "")

    outcome = judge_gate(seen)

    assert outcome is not None
    assert outcome.verdict is rule.verdict
    assert (WAITING_ROOM in outcome.facts) is (rule.room is not None)
    assert (judge_page(seen) is None) is rule.late or judge_page(seen) == outcome


def lookalikes(rule: WallRule) -> dict[str, PageReading]:
    """Pages of sites that answer, and speak of the wall."""
    words = wording(rule).replace("\n", " ")
    plain = rule.sentence[0].lower() + rule.sentence[1:]
    return {
        "a footer quotes it": page(
            f"Prise de rendez-vous\n{ANSWER}\nSi vous lisez « {words} », revenez plus tard.",
            "Prise de rendez-vous",
            title="Prise de rendez-vous",
        ),
        "news quote it": page(
            f"Actualité : des usagers ont vu « {words} » lundi matin.\nRendez-vous\n{ANSWER}",
            "Actualité : un message d'erreur",
            "Rendez-vous",
        ),
        "a quotation stands alone": page(f"Rendez-vous\n{ANSWER}\n« {words} »", "Rendez-vous"),
        "a rule for robots": page(f"Rendez-vous\n{ANSWER}\nAux robots nous disons : {plain}."),
        "a long page begins with it": page(
            f"{words}\n{'Pièces à fournir : un justificatif de domicile. ' * 40}", rule.sentence
        ),
        "the words beside it, without it": page(
            f"Rendez-vous\n{ANSWER}\n{'. '.join(rule.beside)}", "Rendez-vous"
        ),
    }


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_no_rule_takes_a_page_that_speaks_of_a_wall_for_one(rule: WallRule) -> None:
    found = {
        which: outcome
        for which, seen in lookalikes(rule).items()
        for outcome in (judge_page(seen), judge_wall(seen, Reach.ANYWHERE))
        if outcome is not None
    }

    assert found == {}


def test_a_sentence_that_ends_there_does_not_go_on() -> None:
    queue = next(r for r in WAITING_ROOMS if r.sentence == "Vous êtes dans la file d'attente")

    assert queue.begins("vous êtes dans la file d'attente")
    assert queue.begins("vous êtes dans la file d'attente. votre tour viendra")
    assert queue.begins("⏳ vous êtes dans la file d'attente !")
    assert not queue.begins("vous êtes dans la file d'attente du guichet 3")
    assert not queue.begins("lorsque vous êtes dans la file d'attente")
    assert not queue.begins("« vous êtes dans la file d'attente »")
    assert not queue.begins("vous êtes dans la file d'attentes")


# Whole pages, as their products word them --------------------------------------------------------

PAGES = {
    "F5": page(
        "The requested URL was rejected. Please consult with your administrator.\n\n"
        "Your support ID is: 4045204596866416688\n\n[Go Back]",
        title="Request Rejected",
    ),
    "Akamai": page(
        'Access Denied\nYou don\'t have permission to access "http://rdv.example/" on this server.'
        "\nReference #18.2d351ab8.1557333295.a4e16ab",
        "Access Denied",
        title="Access Denied",
    ),
    "Cloudflare": page(
        "Sorry, you have been blocked\nYou are unable to access rdv.example\nWhy have I been"
        " blocked?\nThis website is using a security service to protect itself from online attacks."
        "\nCloudflare Ray ID: 7d1f\nPerformance & security by Cloudflare",
        "Sorry, you have been blocked",
        "You are unable to access rdv.example",
        title="Attention Required! | Cloudflare",
    ),
    "Cloudflare 1020": page("Error 1020\nRay ID: 7d1f\nAccess denied", "Error 1020"),
    "Imperva": page("Request unsuccessful. Incapsula incident ID: 443000-1"),
    "SecureSphere": page(
        "Error\nThis page can't be displayed. Contact support for additional information.\n"
        "The incident ID is: N/A.",
        "Error",
        title="Error",
    ),
    "CloudFront": page(
        "403 ERROR\nThe request could not be satisfied.\nRequest blocked. We can't connect to the"
        " server for this app or website at this time.\nGenerated by cloudfront (CloudFront)",
        "403 ERROR",
        "The request could not be satisfied.",
        title="ERROR: The request could not be satisfied",
    ),
    "Sucuri": page(
        "Access Denied - Sucuri Website Firewall\nIf you are the site owner, please whitelist"
        " your IP.\nBlock ID: GEO02",
        "Access Denied - Sucuri Website Firewall",
        title="Sucuri Website Firewall - Access Denied",
    ),
    "FortiWeb": page(
        "Web Page Blocked!\nThe page cannot be displayed. Please contact the administrator.\n"
        "URL: rdv.example/\nAttack ID: 20000021\nMessage ID: 1234",
        title="Web Page Blocked!",
    ),
    "Radware": page(
        "Unauthorized Activity Has Been Detected\nCase Number: 12345",
        "Unauthorized Activity Has Been Detected",
        title="Unauthorized Request Blocked",
    ),
    "HUMAN": page(
        "Press & Hold to confirm you are\na human (and not a bot).\nReference ID 8a1f",
        title="Access to this page has been denied.",
    ),
    "Azure Front Door": page("The request is blocked.\n20261125T090000Z-r1f", title="Service"),
    "ModSecurity": page(
        "Not Acceptable!\nAn appropriate representation of the requested resource could not be"
        " found on this server. This error was generated by Mod_Security.",
        "Not Acceptable!",
        title="Not Acceptable!",
    ),
    "Stormshield": page("Stormshield Network Security\nL'accès à cette page a été bloqué."),
    "an address": page("Accès refusé\nVotre adresse IP a été bloquée.", "Accès refusé"),
    "unusual": page("Nous avons détecté une activité inhabituelle depuis votre réseau."),
}

ROOMS = {
    "Queue-it": (
        page(
            "Rendez-vous\nYou are now in line\nYour estimated wait time is: 12 minutes\n"
            "Powered by Queue-it",
            "Rendez-vous",
        ),
        "queue-it",
    ),
    "Queue-it in French": (
        page(
            "Vous êtes maintenant dans la file d'attente\nQuand votre tour viendra, vous aurez 10"
            " minutes.\nQueue-it",
            "Vous êtes maintenant dans la file d’attente",
        ),
        "queue-it",
    ),
    "its host": (page("Merci.", url="https://rdv.queue-it.net/?c=rdv&e=prefecture"), "queue-it"),
    "Cloudflare": (
        page(
            "You are now in line.\nThank you for your patience.\nYour estimated wait time is 5"
            " minutes.\nCloudflare",
            title="Waiting Room powered by Cloudflare",
        ),
        "cloudflare",
    ),
    "a public site": (
        page(
            "Salle d'attente virtuelle\nLe site est actuellement très fréquenté, vous allez être"
            " redirigé dans quelques instants.",
            "Salle d'attente virtuelle",
        ),
        "other",
    ),
    "a public site, without a heading": (
        page("Le site est actuellement très fréquenté, vous allez être redirigé."),
        "other",
    ),
}


@pytest.mark.parametrize("product", PAGES)
def test_a_wall_is_known_whatever_status_it_comes_with(product: str) -> None:
    outcome = judge_page(PAGES[product]) or judge_gate(PAGES[product])
    assert outcome is not None
    assert outcome.verdict is Verdict.BLOCKED

    for status in (403, 404, 406, 500, 501, 503):
        outcome = judge_status(status, URL, PAGES[product])
        assert outcome is not None
        assert outcome.verdict is Verdict.BLOCKED
        assert f"HTTP {status} {URL}" in outcome.signs


@pytest.mark.parametrize("which", ROOMS)
def test_a_waiting_room_is_overload_with_a_fact_whatever_status_it_comes_with(which: str) -> None:
    seen, room = ROOMS[which]
    outcome = judge_page(seen) or judge_gate(seen)
    assert outcome is not None
    assert (outcome.verdict, outcome.facts) == (Verdict.OVERLOAD, {WAITING_ROOM: room})

    for status in (403, 429, 503):
        outcome = judge_status(status, URL, seen)
        assert outcome is not None
        assert (outcome.verdict, outcome.facts) == (Verdict.OVERLOAD, {WAITING_ROOM: room})


def test_a_429_stays_one_whatever_wall_says_it() -> None:
    outcome = judge_status(429, URL, PAGES["Akamai"], "60")

    assert outcome is not None
    assert outcome.verdict is Verdict.RATE_LIMITED


@pytest.mark.parametrize(
    ("text", "headings"),
    [
        # a queue of people, not of browsers
        ("File d'attente au guichet\nLa file d'attente du guichet 3 est longue le lundi.", 1),
        ("Rendez-vous\nVous êtes dans la file d'attente du guichet 2 : votre tour viendra.", 1),
        ("Salle d'attente\nLa salle d'attente est au rez-de-chaussée.", 1),
        ("Le site est actuellement très fréquenté le lundi ; préférez le mardi.", 0),
        # a site that says what it does with robots
        ("Rendez-vous\nUne activité inhabituelle peut entraîner un blocage.", 1),
        ("Rendez-vous\nLes accès refusés sont consignés.", 1),
        ("Accès refusés en 2025 : 1 240 dossiers.", 0),
        # errors of proxies that do not refuse
        ("502 ERROR\nThe request could not be satisfied.\nCloudFront wasn't able to connect.", 1),
        ("The page was not found on this server.", 0),
    ],
)
def test_a_page_that_is_near_a_wall_is_none(text: str, headings: int) -> None:
    seen = page(text, *text.splitlines()[:headings])

    assert judge_wall(seen, Reach.OPENING) is None
    assert judge_wall(seen, Reach.ANYWHERE) is None


def test_a_page_that_fails_behind_its_cache_is_overload() -> None:
    varnish = page("Error 503 Backend fetch failed\nGuru Meditation:\nXID: 4", "Error 503 Backend")

    outcome = judge_page(varnish)

    assert outcome is not None
    assert outcome.verdict is Verdict.OVERLOAD
    assert WAITING_ROOM not in outcome.facts


def test_plain_words_count_only_where_nothing_is_known() -> None:
    """A site may use them itself, beside an answer."""
    refused = page(f"Accès refusé\n{ANSWER}", "Accès refusé")

    assert judge_page(refused) is None
    assert judge_gate(refused) is not None


def test_a_page_that_says_much_is_no_wall() -> None:
    words = "Access Denied\nYou don't have permission to access this.\nReference #18.1"

    assert judge_gate(page(words + "x" * (WALL_CHARACTERS - len(words) - 1))) is not None
    assert judge_gate(page(words + "x" * WALL_CHARACTERS)) is None


def test_hosts_that_only_look_like_those_of_waiting_rooms_are_none() -> None:
    for host in WAITING_HOSTS:
        assert judge_gate(page("Merci.", url=f"https://{host}/")) is not None
        for other in (f"not{host}", f"{host}.example", "www.gouv.fr/?q=" + host):
            assert judge_gate(page("Merci.", url=f"https://{other}/")) is None


def test_no_two_rules_are_the_same() -> None:
    said = [(rule.sentence, rule.beside, rule.room) for rule in RULES]

    assert len(set(said)) == len(said)
