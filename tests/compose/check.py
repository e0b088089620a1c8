"""
Checks of a stack that runs: what docker-compose.yml promises, seen from outside.

    python tests/compose/check.py stack        the default services
    python tests/compose/check.py demo         with --profile demo

Needs only Python and Docker. It speaks to the stack by `docker compose`, or by what DC holds (such
as `docker compose -p other -f file`), and to the pages at the addresses given. It stops and starts
services and fills the practice database: for a stack made to be checked, not for one in use.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

DC = shlex.split(os.environ.get("DC", "docker compose"))
PATIENCE_S = 240


def compose(*words: str, told: str | None = None, ok: bool = True) -> str:
    """What `docker compose WORDS` printed; ends the checks if it failed and should not."""
    done = subprocess.run([*DC, *words], input=told, capture_output=True, text=True, check=False)
    if ok and done.returncode:
        sys.exit(f"FAILED: {' '.join(words[:6])}: exit {done.returncode}: {done.stderr[-800:]}")
    return done.stdout + ("" if ok else done.stderr)


def inside(service: str, *words: str, told: str | None = None, ok: bool = True) -> str:
    """What a command printed that was run in a service's container."""
    return compose("exec", "-T", service, *words, told=told, ok=ok)


def in_store(service: str, code: str) -> str:
    """Run Python over the database `db` with the rights of a service; what it printed."""
    head = (
        "import os, pathlib, pymongo\n"
        "url = pathlib.Path(os.environ['FLEET_MONGODB_URL_FILE']).read_text().strip()\n"
        "client = pymongo.MongoClient(url); db = client['DATABASE']\n"
    )
    database = "fleet_practice" if service.startswith("demo-") else "fleet"
    return inside(service, "python", "-", told=head.replace("DATABASE", database) + code).strip()


def get(url: str) -> tuple[int, bytes]:
    """Status and body of an answer; no proxy is asked."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as exc:
        return exc.code, exc.read()


def until(what: str, holds: Callable[[], Any]) -> Any:
    """What `holds` gives, once that is true."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        try:
            if found := holds():
                return found
        except OSError:
            pass
        time.sleep(2)
    sys.exit(f"FAILED: {what}: not within {PATIENCE_S} s")


def check(what: str, holds: object, seen: object = "") -> None:
    """Say that something holds, or end the checks."""
    if not holds:
        sys.exit(f"FAILED: {what}: {seen}")
    print(f"ok  {what}", flush=True)


# What every stack must do ---------------------------------------------------------------------


def pages_answer(url: str) -> None:
    """The pages and their health answer."""
    check("pages answer", get(url)[0] == 200)
    check("pages are ready", get(f"{url}healthz")[0] == 200)


def strangers_read_nothing() -> None:
    """MongoDB refuses who has no password."""
    said = inside(
        "mongo",
        *("mongosh", "--quiet", "--eval", "db.getSiblingDB('fleet').attempts.countDocuments()"),
        ok=False,
    )
    check("MongoDB refuses who has no password", "requires authentication" in said, said)


def pages_cannot_write(service: str) -> None:
    """The account of the pages cannot change evidence."""
    said = in_store(
        service,
        "for name in ('attempts', 'links', 'seals', 'evidence.files', 'rollups'):\n"
        "    try: db[name].insert_one({'x': 1}); print('WRITTEN', name)\n"
        "    except pymongo.errors.OperationFailure as exc: print(exc.code)\n",
    )
    check("the pages' account writes no evidence", set(said.split()) == {"13"}, said)


def nothing_is_root_or_writable(services: list[str]) -> None:
    """No service runs as root, none can write to its image."""
    for service in services:
        said = inside(service, "sh", "-c", "id -u; touch /x 2>&1 || echo refused")
        check(f"{service}: not root, image read-only", "refused" in said and said[0] != "0", said)


def doctor(service: str) -> None:
    """`fleet doctor` finds what a visit needs, the sandbox included."""
    said = inside(service, "fleet", "doctor", ok=False)
    check("fleet doctor finds nothing bad", "Chromium" in said and "\nbad" not in f"\n{said}", said)
    check("fleet doctor: the sandbox is on", "ok   sandbox          on" in said, said)
    for line in said.splitlines():
        if line.startswith("warn"):
            print(f"    {line}")


GOOD = """from fleet.families import bookingserver

CHECK = bookingserver.flow(
    department="63",
    flow="{flow}",
    title="Essai",
    url="http://essai.localhost/booking/create/1",
)
"""


def own_scenarios(service: str, folder: Path) -> None:
    """A fleet that watches the mounted folder sees a new file; a bad one is named, not fatal."""
    own = folder / "essai-de-la-pile"  # apart: real sites are not visited from here
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir()
    try:
        (own / "d63_un.py").write_text(GOOD.format(flow="un"), encoding="utf-8")
        watching = subprocess.Popen(
            [
                *(*DC, "exec", "-T", "-e", f"FLEET_SCENARIOS_DIR=/scenarios/{own.name}", service),
                *("timeout", "--signal=TERM", "50", "fleet", "watch"),
            ],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert watching.stderr is not None
        seen = []
        for line in watching.stderr:
            seen.append(line)
            if '"watching"' in line:
                (own / "d63_deux.py").write_text(GOOD.format(flow="deux"), encoding="utf-8")
                (own / "d99_essai.py").write_text("this is no Python\n", encoding="utf-8")
        watching.wait()
    finally:
        shutil.rmtree(own)
    said = "".join(seen)
    check("a new scenario file is picked up without a restart", '"new": ["63/deux"]' in said, said)
    bad = [line for line in seen if "scenario file left out" in line and "d99_essai.py" in line]
    check("a bad one is named", bad, said)
    check("and not fatal: the fleet goes on until it is stopped", watching.returncode == 124, said)


# The demo: visits of practice prefectures -----------------------------------------------------

READ = (
    "import json\n"
    "print(json.dumps([[a['_id'], a['flow'] and a['scenario_id'], a['verdict'],"
    " [e['sha256'] for e in a['evidence'] if e['kind'] == 'picture']]"
    " for a in db.attempts.find()]))"
)


def attempts() -> list[list[Any]]:
    """Id, scenario, verdict and pictures of each stored attempt."""
    found: list[list[Any]] = json.loads(in_store("demo-watch", READ))
    return found


def demo_is_right(url: str) -> None:
    """The practice prefectures got the verdicts that they are made for, with pictures."""
    expected = {
        "13/titre-de-sejour": "slots",
        "14/aes": "login_required",
        "33/titre-de-sejour": "unrecognised",
        "35/titre-de-sejour": "rate_limited",
        "63/titre-de-sejour": "no_slots",
        "94/titre-de-sejour": "closed",
    }
    found = attempts()
    print(f"    {len(found)} attempts: {sorted({each[2] for each in found})}")
    check("every practice flow was visited", len({each[1] for each in found}) == 28, len(found))
    for scenario_id, verdict in expected.items():
        seen = {each[2] for each in found if each[1] == scenario_id}
        check(f"{scenario_id} is {verdict}", seen == {verdict}, seen)
    check("nothing crashed", "crashed" not in {each[2] for each in found})
    attempt, _, _, pictures = next(each for each in found if each[3])
    status, body = get(f"{url}preuve/{pictures[0]}")
    check("a picture is served", status == 200 and body.startswith(b"\x89PNG"), status)
    check("its attempt has a page", get(f"{url}tentative/{attempt}")[0] == 200)


RENDERERS = """
import glob, json, time
found, end = [], time.monotonic() + 200
while not found and time.monotonic() < end:
    for path in glob.glob('/proc/[0-9]*/cmdline'):
        try:
            words = open(path).read()
            lines = open(path.replace('cmdline', 'status')).read().splitlines()
        except OSError:
            continue
        if '--type=renderer' in words:
            said = dict(line.split(':', 1) for line in lines if ':' in line)
            found.append([said['NSpid'].split(), said['Seccomp'].strip(), '--no-sandbox' in words])
    time.sleep(0.05)
print(json.dumps(found))
"""


def chromium_is_confined() -> None:
    """A renderer lives in name spaces of its own, under a filter of its own."""
    found = json.loads(inside("demo-watch", "python", "-", told=RENDERERS))
    check("there is a page of Chromium", found, "none within 200 s")
    # seen from inside the container: its own level, and Chromium's; from the host three
    levels = [len(numbers) for numbers, _, _ in found]
    check("Chromium's sandbox is on", min(levels) >= 2 and not any(e[2] for e in found), found)
    check("renderers run under seccomp", {each[1] for each in found} == {"2"}, found)


def stop_loses_nothing() -> None:
    """SIGTERM in the middle of visits: it ends by itself, and what was finished is stored."""
    before = {each[0] for each in attempts()}
    compose("stop", "demo-watch")
    code = compose("ps", "-a", "--format", "{{.ExitCode}}", "demo-watch").strip()
    check("the fleet ends by itself on SIGTERM", code == "0", code)
    compose("start", "demo-watch")
    until("the fleet again", lambda: "watching" in compose("logs", "--tail", "5", "demo-watch"))
    after = attempts()
    check("no attempt is lost", before <= {each[0] for each in after})
    check("none is there twice", len({each[0] for each in after}) == len(after))
    said = inside("demo-watch", "fleet", "verify", "--practice", ok=False)
    check(
        "fleet verify finds nothing altered",
        "Nothing was altered in what was read" in said,
        said[-500:],
    )


def backup_comes_back() -> None:
    """Backup, wipe, restore: the same attempts."""
    compose("stop", "demo-watch")
    run = ("run", "--rm", "-T", "--no-deps", "--entrypoint", "fleet")
    where = f"/data/backup-{int(time.time())}"
    said = compose(*run, "demo-watch", "backup", where, "--practice")
    print(f"    {said.strip()[:150]}")
    before = json.loads(in_store("demo-web", READ))
    compose(
        *("run", "--rm", "-T", "--no-deps", "--entrypoint", "python", "demo-watch", "-c"),
        "import os, pathlib, pymongo\n"
        "url = pathlib.Path(os.environ['FLEET_MONGODB_URL_FILE']).read_text().strip()\n"
        "db = pymongo.MongoClient(url)['fleet_practice']\n"
        "[db[name].delete_many({}) for name in db.list_collection_names()]\n",
    )
    check("the database is wiped", in_store("demo-web", READ) == "[]")
    compose(*run, "demo-watch", "restore", where, "--practice")
    after = json.loads(in_store("demo-web", READ))
    check("a backup put back gives the same attempts", before and sorted(before) == sorted(after))
    compose("start", "demo-watch")


def main() -> None:
    """Run the checks of one kind of stack."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("kind", choices=["stack", "demo"])
    parser.add_argument("--pages", default="http://127.0.0.1:8000/")
    parser.add_argument("--demo", default="http://127.0.0.1:8001/")
    parser.add_argument("--scenarios", type=Path, default=Path("scenarios"), help="as mounted")
    asked = parser.parse_args()
    pages_answer(asked.pages)
    strangers_read_nothing()
    pages_cannot_write("web")
    nothing_is_root_or_writable(["mongo", "watch", "web"])
    own_scenarios("watch", asked.scenarios)
    doctor("watch")
    if asked.kind == "demo":
        pages_answer(asked.demo)
        demo_is_right(asked.demo)
        chromium_is_confined()
        stop_loses_nothing()
        backup_comes_back()
    print("all checks passed")


if __name__ == "__main__":
    main()
