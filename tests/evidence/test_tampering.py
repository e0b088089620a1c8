"""
The tamper matrix: what an opponent does, to the database and to a dossier, is found and named.

`fleet verify` finds it in the database, the dossier's own `verifier.py`, which shares no code
with it, in the dossier. What neither can find by its construction is at the end, and in
docs/evidence.md.
"""

from __future__ import annotations

import asyncio
import shutil
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from fleet.cli.commands import verify as verify_command
from fleet.evidence.dossier import verifier
from fleet.evidence.memory import VerifiedSeal
from fleet.evidence.timestamp_client import ask
from fleet.evidence.verifier import Verifier
from fleet.ledger.signing import SigningKey
from fleet.ledger.timestamps import roots_of
from fleet.practice.authority import PracticeAuthority
from fleet.settings import Settings
from tests.cli.test_cli import fleet
from tests.evidence import tampered_database as database
from tests.evidence import tampered_dossier as pieces
from tests.evidence.dossier.dossiers import verify
from tests.evidence.dossier.test_verifier import copy as copy
from tests.evidence.dossier.test_verifier import dossier as dossier
from tests.evidence.tampered_dossier import Unpacked
from tests.evidence.test_sealing import Sealer, add, sealed
from tests.evidence.test_sealing import authority as authority
from tests.evidence.test_sealing import sealer as sealer

NOBODY = "0" * 32


@dataclass(frozen=True, slots=True)
class Deed:
    """One row; `{0}` in what is said is the first attempt, and so on."""

    what: str
    in_database: database.Tamper
    fleet_says: str
    in_dossier: pieces.Tamper
    verifier_says: str


DEEDS = (
    Deed(
        "a bit of a picture",
        database.alter_a_picture,
        "file {0.evidence[0].sha256} of attempt {0.id} was altered",
        pieces.flip_a_picture,
        "{0.evidence[0].sha256}.png of attempt {0.id} was altered",
    ),
    Deed(
        "a bit of HTML",
        database.alter_html,
        "file {1.evidence[1].sha256} of attempt {1.id} was altered",
        pieces.flip_html,
        "{1.evidence[1].sha256}.html of attempt {1.id} was altered",
    ),
    Deed(
        "two pictures exchanged",
        database.swap_pictures,
        "file {1.evidence[0].sha256} of attempt {1.id} was altered",
        pieces.swap_two_pictures,
        "{1.evidence[0].sha256}.png of attempt {1.id} was altered",
    ),
    Deed(
        "a picture deleted",
        database.delete_a_picture,
        "file {2.evidence[0].sha256} of attempt {2.id} is missing",
        pieces.delete_a_picture,
        "{2.evidence[0].sha256}.png of attempt {2.id} is missing",
    ),
    Deed(
        "a bit of a manifest",
        database.alter_one_word,
        "attempt {0.id} of 91/titre-de-sejour was altered",
        pieces.flip_a_manifest,
        "attempt {0.id} (000002-2026-11-12-",
    ),
    Deed(
        "another verdict",
        database.alter_a_verdict,
        "attempt {0.id} of 91/titre-de-sejour was altered",
        pieces.alter_a_verdict,
        "attempt {0.id} (000002-2026-11-12-",
    ),
    Deed(
        "an earlier instant",
        database.backdate,
        "attempt {0.id} of 91/titre-de-sejour was altered",
        pieces.backdate_one,
        "attempt {3.id} (000006-",
    ),
    Deed(
        "an attempt and its link",
        database.alter_an_attempt_and_its_link,
        "seal 1: its root is not that of its 5 links",
        pieces.backdate_one_and_link_all_anew,
        "attempt {3.id} is not under seal 2",
    ),
    Deed(
        "a bit of a link",
        database.alter_a_link,
        "the chain of 91/titre-de-sejour is broken at link 4 (attempt {3.id})",
        pieces.alter_a_link_of_the_chain,
        "the chain is broken at link 4",
    ),
    Deed(
        "a bit of a root",
        database.alter_a_root,
        "seal 1 was altered: its signature does not hold",
        pieces.flip_a_root,
        "seal 000001 was altered: its signature is not",
    ),
    Deed(
        "a bit of a signature",
        database.alter_a_signature,
        "seal 2 was altered: its signature does not hold",
        pieces.flip_a_signature,
        "seal 000001 was altered: its signature is not",
    ),
    Deed(
        "a bit of a timestamp",
        database.alter_a_token,
        "seal 1: the timestamp of http://127.0.0.1",
        pieces.flip_a_token,
        "seal 000001: timestamp seal-000001.127.0.0.1-",
    ),
    Deed(
        "two timestamps exchanged",
        database.swap_tokens,
        "seal 2: the timestamp of http://127.0.0.1",
        pieces.swap_tokens,
        "seal 000002: timestamp seal-000002.127.0.0.1-",
    ),
    Deed(
        "an attempt deleted",
        database.delete_an_attempt,
        "attempt {1.id} of 91/titre-de-sejour was deleted",
        pieces.delete_an_attempt,
        "attempt {1.id} (link 3) is missing",
    ),
    Deed(
        "an attempt deleted with its link",
        database.delete_an_attempt_with_its_link,
        "the chain of 91/titre-de-sejour is broken: after link 1 comes 3",
        pieces.delete_an_attempt_with_its_link,
        "the chain is broken: link 4 comes after link 2",
    ),
    Deed(
        "the newest attempt deleted",
        database.delete_the_last_attempt_with_its_link,
        "the link of attempt {4.id} is missing, which seal 1 covers",
        pieces.delete_the_last_attempt,
        "attempt {4.id} (link 7) is missing",
    ),
    Deed(
        "an attempt inserted",
        database.insert_an_attempt,
        f"attempt {NOBODY} of 91/titre-de-sejour is in no chain",
        pieces.insert_an_attempt,
        f"attempt {NOBODY} (000009-2026-11-13-00000000) has no such place in the chain",
    ),
    Deed(
        "an attempt inserted as if it were sealed",
        database.insert_one_under_a_seal,
        f"attempt {NOBODY} of 91/titre-de-sejour is not under seal 1, though its link says so",
        pieces.insert_one_under_a_seal,
        f"attempt {NOBODY} is not under seal 1",
    ),
    Deed(
        "two reordered",
        database.reorder_two,
        "the chain of 91/titre-de-sejour is broken at link 2 (attempt {2.id})",
        pieces.reorder_two_links,
        "the chain is broken: link 3 comes after link 1",
    ),
    Deed(
        "a seal deleted",
        database.delete_a_seal,
        "seal 1 is missing",
        pieces.take_a_seal_away,
        "seal 1 of attempt {0.id} is missing",
    ),
    Deed(
        "all signed anew with another key",
        database.sign_all_anew_with_another_key,
        "seal 1: the timestamp of http://127.0.0.1",
        pieces.sign_with_another_key,
        "seal 000001: timestamp seal-000001.127.0.0.1-",
    ),
)


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.what)
async def test_it_is_found_and_named_in_the_database(sealer: Sealer, deed: Deed) -> None:
    made = await sealed(sealer)
    await deed.in_database(sealer.db, made)

    report = await sealer.verify()

    words = deed.fleet_says.format(*made)
    assert any(words in finding for finding in report.findings), (words, report.findings)


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.what)
def test_it_is_found_and_named_in_a_dossier(copy: Unpacked, deed: Deed) -> None:
    deed.in_dossier(copy)
    found_in(copy, deed.verifier_says)


@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        (pieces.flip_a_link, "has no such place in the chain"),
        (pieces.alter_a_proof, "attempt {0.id} is not under seal 1"),
        (pieces.alter_a_statement, "seal 000001 was altered: its signature is not"),
        (pieces.take_a_token_away, "seal 000001: the timestamp of http://127.0.0.1"),
        (pieces.take_a_proof_away, "the proof that attempt {0.id} is sealed is missing"),
        (pieces.delete_the_first_attempt, "attempt {0.id} (link 2) is missing"),
        (pieces.leave_out_all_before_one_that_came_late, "attempt {0.id} (link 2) is missing"),
        (
            pieces.pass_an_attempt_off_as_one_of_another_period,
            "attempt {1.id} (link 3) is missing",
        ),
        (pieces.lie_about_the_day_of_an_attempt_left_out, "attempt {1.id} (link 3) is missing"),
        (pieces.reorder_two_folders, "holds another attempt, {1.id}, link 3"),
    ],
)
def test_what_can_be_done_to_a_dossier_only_is_found_too(
    copy: Unpacked, tamper: pieces.Tamper, named: str
) -> None:
    tamper(copy)
    found_in(copy, named)


def found_in(copy: Unpacked, named: str) -> None:
    copy.sum_anew()
    said = verify(copy.folder, "--en")
    assert said.returncode == 1, said.stdout + said.stderr
    assert said.stderr == ""
    assert named.format(*copy.attempts) in said.stdout, said.stdout
    assert "ALTERED: " in said.stdout


@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        (database.alter_a_manifest_hash, "attempt {3.id} of 91/titre-de-sejour was altered"),
        (database.delete_the_last_seal, "seal 2 was deleted: links name it"),
        (database.spoil_a_document, "attempt {0.id} of 91/titre-de-sejour was altered: no canon"),
        (database.insert_something, f"attempt {NOBODY} of 91/titre-de-sejour is in no chain"),
        (database.rename_a_field_of_a_link, "the link of attempt {3.id} was altered: "),
        (database.give_a_link_no_seal_number, "the link of attempt {3.id} was altered: seal"),
        (database.rename_a_field_of_a_seal, "seal 1 was altered: "),
        (database.take_the_leaves_of_a_seal_away, "seal 2 was altered: KeyError"),
    ],
)
async def test_what_can_be_done_to_a_database_only_is_found_too(
    sealer: Sealer, tamper: database.Tamper, named: str
) -> None:
    made = await sealed(sealer)
    await tamper(sealer.db, made)

    report = await sealer.verify()

    assert any(named.format(*made) in finding for finding in report.findings), report.findings


async def test_one_attempt_and_a_period_are_no_way_round(sealer: Sealer) -> None:
    made = await sealed(sealer)
    roots, day = sealer.authorities.roots, made[0].started_at
    await database.insert_one_under_a_seal(sealer.db, made)

    one = await Verifier(sealer.store, roots).attempt(NOBODY)

    # where the clock is set, the authority's is not: its timestamps are too early then
    assert {finding.case.name for finding in one.findings} - {"TOKEN_EARLY"} == {"NOT_COVERED"}

    await database.delete_an_attempt(sealer.db, made)
    some = await Verifier(sealer.store, roots).period(day, made[2].started_at, None)
    words = f"attempt {made[1].id} of 91/titre-de-sejour was deleted"
    assert any(words in finding for finding in some.findings)


# What no seal covers -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unproven:
    """One row; code and words are those of the verifier once the signature was taken away."""

    what: str
    tamper: Callable[[Unpacked], object]
    code: int
    words: str


UNSEALED = (
    Unproven("attempts appended", pieces.append_attempts, 2, "is under no seal"),
    Unproven(
        "an attempt appended under a seal with another key",
        pieces.append_attempts_under_a_seal_of_their_own,
        2,
        "several keys signed",
    ),
    Unproven(
        "all seals but the first taken away, what they covered edited",
        pieces.strip_seals_and_edit_what_they_covered,
        2,
        "is under no seal",
    ),
    Unproven("the end left out", pieces.leave_out_the_end, 2, "attempts of the end may be missing"),
    Unproven("the period cut to the millisecond", pieces.cut_the_period, 1, "the period is cut"),
    Unproven(
        "another flow named",
        pieces.say_another_flow,
        1,
        "the chain is of the flow 91/titre-de-sejour, not of 75",
    ),
    Unproven(
        "another department named",
        pieces.say_another_department,
        1,
        "dossier.json says department 75",
    ),
    Unproven("another period named", pieces.say_another_period, 1, "(link 8) is missing"),
    Unproven(
        "more attempts named",
        pieces.say_more_attempts,
        1,
        "dossier.json says attempts 50, but what is there is 5",
    ),
    Unproven(
        "another PDF",
        pieces.put_in_another_pdf,
        2,
        "the list of files is signed by nobody: dossier.pdf",
    ),
    Unproven(
        "the framed copy of another attempt",
        pieces.put_in_the_framed_copy_of_another,
        2,
        "and the framed copies may come from",
    ),
    Unproven(
        "a picture declared removed", pieces.declare_a_picture_removed, 2, "removals.json and"
    ),
    Unproven(
        "a timestamp declared lacking",
        pieces.declare_a_token_lacking,
        2,
        "the list of files is signed by nobody",
    ),
    Unproven(
        "controls for the terminal",
        pieces.write_over_what_is_printed,
        2,
        "the list of files is signed by nobody",
    ),
)


def sums_anew(it: Unpacked) -> None:
    it.sum_anew()


def unsigned(it: Unpacked) -> None:
    it.unsign()


def signed_anew(it: Unpacked) -> None:
    it.sign_anew()


@pytest.mark.parametrize("cover", [sums_anew, unsigned, signed_anew])
@pytest.mark.parametrize("row", UNSEALED, ids=lambda row: row.what)
def test_what_no_seal_covers_is_never_called_sound(
    copy: Unpacked, row: Unproven, cover: pieces.Tamper, capsys: pytest.CaptureFixture[str]
) -> None:
    row.tamper(copy)
    cover(copy)

    code = verifier.main([str(copy.folder), "--en"])

    said = capsys.readouterr().out.splitlines()
    assert code == (1 if cover is sums_anew else row.code)
    named = [line for line in said if line.startswith(("ALTERED: ", "NOT PROVEN: "))]
    assert named
    if cover is unsigned:
        assert any(row.words in line for line in named), named
    assert not any(line.startswith(("SOUND", "CONFORME")) for line in said)
    assert "\x1b" not in "".join(said)


def test_the_docs_list_every_tampering() -> None:
    listed = (Path(__file__).parents[2] / "docs" / "evidence.md").read_text()
    every = [*(deed.what for deed in DEEDS), *(row.what for row in UNSEALED)]

    assert [what for what in every if f"| {what} |" not in listed] == []
    assert len(every) >= 35


# Authorities -------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
async def stranger(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PracticeAuthority]:
    """An authority that nobody vouches for."""
    async with PracticeAuthority(tmp_path_factory.mktemp("stranger")) as own:
        yield own


async def test_a_token_of_an_authority_that_nobody_vouches_for_is_named(
    sealer: Sealer, authority: PracticeAuthority, stranger: PracticeAuthority, copy: Unpacked
) -> None:
    await sealed(sealer)
    first = await sealer.store.ledger.seal(1)
    assert first is not None
    token = await ask(stranger.url, first.statement.content, roots_of(stranger.roots))
    await sealer.db.seals.update_one({"_id": 1}, {"$set": {"tokens.0.token": token}})

    (finding,) = (await sealer.verify()).findings
    assert finding.startswith(f"seal 1: the timestamp of {authority.url} was altered, or leads to")

    statement = (copy.folder / "seals" / "seal-000001.json").read_bytes()
    copy.token.write_bytes(await ask(stranger.url, statement, roots_of(stranger.roots)))
    found_in(copy, f"seal 000001: timestamp {copy.token.name} was altered, or is not of this seal")
    assert "its authority leads to no root of certificates/roots.pem" in (
        verify(copy.folder, "--en").stdout
    )


async def test_openssl_says_of_a_dossiers_tokens_what_the_verifier_says(copy: Unpacked) -> None:
    for token in sorted(copy.folder.glob("seals/*.tsr")):
        statement = token.with_name(token.name[: len("seal-000001")] + ".json")
        assert "Verification: OK" in await openssl(token, statement, copy.folder)
        pieces.flip(statement)
        assert "FAILED" in await openssl(token, statement, copy.folder)


async def openssl(token: Path, statement: Path, folder: Path) -> str:
    roots = folder / "certificates" / "roots.pem"
    run = await asyncio.create_subprocess_exec(
        *("openssl", "ts", "-verify", "-in", token, "-data", statement, "-CAfile", roots),
        stdout=PIPE,
        stderr=PIPE,
    )
    said, _ = await run.communicate()
    return said.decode()


# What is not found in what is there, and where it shows -------------------------------------------


async def test_the_end_that_was_taken_away_whole_shows_to_whoever_verified_it_before(
    sealer: Sealer,
) -> None:
    """A ledger without its end is a shorter ledger; whoever saw the longer one knows."""
    made = await sealed(sealer)
    last = await sealer.store.ledger.last_seal()
    assert last is not None
    await database.forget_the_end(sealer.db, made)

    assert (await sealer.verify()).findings == []
    again = Verifier(sealer.store, sealer.authorities.roots)
    report = await again.newer(VerifiedSeal.of(last))
    assert [finding.case.name for finding in report.findings] == ["SEAL_CHANGED"]


@pytest.mark.parametrize("deed", [database.forget_the_end, database.seal_all_anew])
async def test_neither_way_to_verify_forgets_what_was_sound_until_it_is_told_to(
    sealer: Sealer,
    deed: Callable[..., Awaitable[None]],
    authority: PracticeAuthority,
    mongodb_url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = await sealed(sealer)
    settings = Settings(
        mongodb_url=mongodb_url,
        database=sealer.db.name,
        data_dir=tmp_path / "data",
        timestamp_roots=authority.roots,
    )

    async def told(**options: bool) -> list[str]:
        await verify_command.verify(settings, None, None, None, **{"new": False, **options})
        return capsys.readouterr().out.splitlines()

    assert (await told())[-1].startswith("Nothing was altered")
    if deed is database.seal_all_anew:
        await deed(sealer.db, made, sealer.key)
    else:
        await deed(sealer.db, made)
    for options in ({}, {"new": True}, {}, {"new": True}):
        said = await told(**options)
        assert any("seal 2 is not the one that was verified before" in line for line in said)
        assert any("fleet verify --forget" in line for line in said)
        assert "Nothing was altered" not in said[-1]
    # what the database says of it is known to a machine on which nothing was verified yet
    if deed is database.forget_the_end:
        other = settings.model_copy(update={"data_dir": tmp_path / "other"})
        assert not await verify_command.verify(other, None, None, None, new=False)
        capsys.readouterr()
    assert (await told(forget=True))[-1].startswith("Nothing was altered")
    assert (await told(new=True))[-1].startswith("Nothing was altered")


async def test_an_attempt_taken_away_with_its_link_before_a_seal_leaves_no_trace(
    sealer: Sealer,
) -> None:
    made = await sealed(sealer)
    (newest,) = await add(sealer.store, 1, department="92", scenario_id="92/titre-de-sejour")
    await sealer.db.attempts.delete_one({"_id": newest.id})
    await sealer.db.links.delete_one({"_id": newest.id})

    report = await sealer.verify()

    assert (report.attempts, report.findings) == (len(made), [])


async def test_a_ledger_sealed_anew_without_timestamps_shows_by_its_key(
    sealer: Sealer, mongodb_url: str, tmp_path: Path
) -> None:
    await sealed(sealer)
    kept = tmp_path / "data" / "ledger" / f"{sealer.db.name}.pem"
    kept.parent.mkdir(parents=True)
    shutil.copy(tmp_path / "key.pem", kept)
    settings = {
        "FLEET_MONGODB_URL": mongodb_url,
        "FLEET_DATABASE": sealer.db.name,
        "FLEET_DATA_DIR": tmp_path / "data",
    }
    other = await database.sign_all_anew_without_timestamps(sealer.db)
    assert (await sealer.verify()).keys == {other} != {SigningKey.of(kept).public}

    said = await fleet("verify", **settings)

    assert said.code == 0
    assert f"note: signed with the public key {other}, which is not the one in this" in said.out
    assert "has no timestamp: no authority was configured" in said.out
