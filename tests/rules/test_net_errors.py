"""A site is blamed for a document that did not come only if the fault is not ours."""

from __future__ import annotations

import pytest

from fleet.models import Group, Verdict
from fleet.models.outcome import UNREACHED
from fleet.rules.net_errors import (
    Doubt,
    NetworkKnowledge,
    doubt_of,
    is_near,
    judge_net_error,
    weigh,
)

NAME, DOWN = (
    "net::ERR_NAME_NOT_RESOLVED at https://x/",
    "net::ERR_ADDRESS_UNREACHABLE at https://x/",
)
SLOW, NO = "net::ERR_CONNECTION_TIMED_OUT", "net::ERR_CONNECTION_REFUSED at https://x/"
DATE = "net::ERR_CERT_DATE_INVALID at https://x/"

THEIRS = None


def weighed(error: str, known: NetworkKnowledge) -> tuple[Verdict, str | None]:
    outcome = judge_net_error(error)
    doubt = doubt_of(outcome, served=False)
    assert doubt is not None
    found = weigh(outcome, doubt, known)
    return found.verdict, found.facts.get(UNREACHED)


@pytest.mark.parametrize(
    ("error", "known", "blame"),
    [
        # other sites answer: the one that fails is to blame
        (NAME, NetworkKnowledge(heard=True, lately=True), THEIRS),
        (DOWN, NetworkKnowledge(heard=True, lately=True), THEIRS),
        (SLOW, NetworkKnowledge(heard=True, lately=True), THEIRS),
        (NO, NetworkKnowledge(heard=True, lately=True), THEIRS),
        # what the kernel knows comes first: the last answer may be from before the cable was out
        (DOWN, NetworkKnowledge(heard=True, lately=True, fault="no route"), "network"),
        (NAME, NetworkKnowledge(fault="no route"), "network"),
        # nothing answers
        (NAME, NetworkKnowledge(world=False), "network"),
        (NAME, NetworkKnowledge(world=False, failed=2), "network"),
        (DOWN, NetworkKnowledge(failed=1), "network"),
        (SLOW, NetworkKnowledge(failed=1, world=True), "network"),
        (NO, NetworkKnowledge(failed=2), "network"),
        # a name that does not exist, told by a server that knows others
        (NAME, NetworkKnowledge(name=False, others=True, world=True), THEIRS),
        (NAME, NetworkKnowledge(name=False, world=True), THEIRS),
        (NAME, NetworkKnowledge(name=False, failed=3, others=True), THEIRS),
        (NAME, NetworkKnowledge(name=False, others=False, world=True), "network"),
        # its own name servers are silent, others are not
        (NAME, NetworkKnowledge(world=True), THEIRS),
        (NAME, NetworkKnowledge(world=True, name=True), "unknown"),
        # one flow alone
        (DOWN, NetworkKnowledge(world=True), THEIRS),
        (SLOW, NetworkKnowledge(connected=True), THEIRS),
        (SLOW, NetworkKnowledge(world=False), "unknown"),
        (DOWN, NetworkKnowledge(), "unknown"),
        (NO, NetworkKnowledge(), THEIRS),
        (NO, NetworkKnowledge(failed=1), THEIRS),
        # minutes ago one answered; that is not now
        (DOWN, NetworkKnowledge(lately=True, world=True), THEIRS),
        (DOWN, NetworkKnowledge(lately=True, world=False), "unknown"),
        (DOWN, NetworkKnowledge(lately=True), THEIRS),  # with a proxy nobody can be asked
        # on this machine no network lies between
        (NO, NetworkKnowledge(near=True, failed=9), THEIRS),
        # the clock
        (DATE, NetworkKnowledge(clock_right=True), THEIRS),
        (DATE, NetworkKnowledge(clock_right=False), "clock"),
        (DATE, NetworkKnowledge(), "unknown"),
    ],
)
def test_a_site_is_blamed_only_if_the_fault_is_not_ours(
    error: str, known: NetworkKnowledge, blame: str | None
) -> None:
    verdict, said = weighed(error, known)

    assert said == blame
    assert (verdict.group is Group.UNAVAILABLE) is (blame is None)
    assert verdict is (judge_net_error(error).verdict if blame is None else Verdict.CRASHED)


@pytest.mark.parametrize(
    ("error", "fact"),
    [
        ("net::ERR_INTERNET_DISCONNECTED", "network"),
        ("net::ERR_NETWORK_ACCESS_DENIED", "network"),
        ("net::ERR_PROXY_CONNECTION_FAILED", "network"),
        ("net::ERR_NO_SUPPORTED_PROXIES", "network"),
        ("net::ERR_NETWORK_CHANGED", "unknown"),
        ("net::ERR_UNSAFE_PORT", None),
    ],
)
def test_errors_that_are_always_ours_blame_no_site(error: str, fact: str | None) -> None:
    outcome = judge_net_error(error)

    assert outcome.verdict is Verdict.CRASHED
    assert outcome.facts.get(UNREACHED) == fact
    assert doubt_of(outcome, served=False) is None


def test_a_site_that_has_answered_in_this_visit_was_reached() -> None:
    slow = judge_net_error(SLOW).model_copy(update={"signs": ()})  # as a deadline gives it

    assert doubt_of(slow, served=False) is Doubt.WAY
    assert doubt_of(slow, served=True) is None
    assert doubt_of(judge_net_error(NO), served=True) is None
    assert doubt_of(judge_net_error(NAME), served=True) is Doubt.NAME


def test_what_an_answer_says_is_never_doubted() -> None:
    for error in ("net::ERR_ABORTED", "no name at all"):
        assert doubt_of(judge_net_error(error), served=False) is None


@pytest.mark.parametrize(
    ("host", "near"),
    [
        ("localhost", True),
        ("evry.localhost", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("www.essonne.gouv.fr", False),
        ("localhost.gouv.fr", False),
        ("10.0.0.1", False),
        ("", False),
    ],
)
def test_this_machine_is_known_by_its_names(host: str, near: bool) -> None:
    assert is_near(host) is near
