"""
The command line. Turns errors into one line and an exit code; everything else is elsewhere.

What a command does is imported when it is called: `fleet list` needs no browser and no database.

0 done, whatever the verdicts · 1 not as it should be · 2 usage or a bad scenario · 3 store
unreachable · 4 no usable Chromium · 5 another fleet watches, or none does · 6 evidence was altered
· 130 interrupted. `fleet.system.pulse` has two more, for a process that stands.
"""

from __future__ import annotations

import errno
import signal
import sys
from typing import Annotated

import typer

import fleet
from fleet import log
from fleet.bootstrap.catalogue import catalogue_of
from fleet.catalog.seen_working import seen_working
from fleet.cli import (
    alert,
    audit,
    authoring,
    backup,
    evidence,
    export,
    machine,
    removal,
    survey,
    user,
    watch,
)
from fleet.cli.commands.listing import print_scenarios
from fleet.cli.examples import add_examples
from fleet.cli.extras import lacking
from fleet.cli.options import ALTERED as ALTERED
from fleet.cli.options import FAILED as FAILED
from fleet.cli.options import INTERRUPTED as INTERRUPTED
from fleet.cli.options import NOT_WATCHING as NOT_WATCHING
from fleet.cli.options import Ids, OneId, Practice, warn_of
from fleet.cli.options import run as _run
from fleet.cli.options import settings_of as _settings
from fleet.errors import (
    BadInput,
    FleetError,
    LeaseLost,
    LeaseTaken,
    NoChromium,
    StoreRefused,
    StoreUnreachable,
)
from fleet.models.text import visible
from fleet.settings import load_settings
from fleet.system.terminal import (
    bear_any_terminal,
    check_arguments,
    says_nothing_more,
)

EXIT_CODES: tuple[tuple[type[FleetError], int], ...] = (
    (BadInput, 2),
    (LeaseTaken, NOT_WATCHING),
    (LeaseLost, NOT_WATCHING),
    (StoreUnreachable, 3),
    (StoreRefused, 3),
    (NoChromium, 4),
)

app = typer.Typer(
    help="Visits booking pages of French prefectures and keeps a picture of every answer.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for name, group in (("export", export.app), ("user", user.app), ("audit", audit.app)):
    app.add_typer(group, name=name)
for commands in (authoring, watch, survey, evidence, removal, alert, backup, machine):
    app.add_typer(commands.app)


@app.command("list")
def list_(
    ids: Ids = None,
    practice: Practice = False,
    as_json: Annotated[bool, typer.Option("--json", help="one scenario per line")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="tables, with totals")] = False,
) -> None:
    """List the scenarios (all, or those named) by department."""
    if as_json and as_markdown:
        raise BadInput("--json and --markdown exclude each other; leave one out")
    settings = _settings(practice)
    catalogue = catalogue_of(settings)
    warn_of(catalogue)
    chosen = catalogue.select(ids or [])
    # the document is the same on every machine, so it has what the catalogue itself says only
    own = () if as_markdown or practice else (settings.data_dir,)
    seen = seen_working(*settings.scenarios_dir, *own)
    print_scenarios(chosen, seen, as_json=as_json, as_markdown=as_markdown)


@app.command()
def session(
    scenario_id: OneId,
    every: Annotated[
        int, typer.Option(min=5, max=1440, metavar="MINUTES", help="between two attempts")
    ] = 10,
    practice: Practice = False,
) -> None:
    """Open a window in which you pass the captcha; the answer is then re-read in it."""
    from fleet.cli.commands import session

    settings = _settings(practice)
    catalogue = catalogue_of(settings)
    warn_of(catalogue)
    _run(session.session(catalogue.select([scenario_id]), settings, practice, every))


@app.command()
def run(
    ids: Ids = None,
    pages: Annotated[int | None, typer.Option(min=1, max=64, help="most pages open")] = None,
    times: Annotated[int, typer.Option(min=1, max=10_000, help="visits of each flow")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="one attempt per line")] = False,
    practice: Practice = False,
) -> None:
    """Visit flows (all, or those named), store every attempt, and say how they ended."""
    from fleet.cli.commands import run

    settings = _settings(practice)
    catalogue = catalogue_of(settings)
    warn_of(catalogue)
    chosen = catalogue.select(ids or [])
    _run(run.run(chosen, settings, practice, pages=pages, times=times, as_json=as_json))


@app.command()
def hosts(as_json: Annotated[bool, typer.Option("--json", help="one host a line")] = False) -> None:
    """Say which hosts may be visited now, how often they were, and what their robots.txt says."""
    from fleet.cli.commands import hosts

    hosts.show(load_settings(), as_json=as_json)


@app.command()
def rejudge(
    ids: Ids = None,
    since: Annotated[str | None, typer.Option(metavar="T", help="attempts from then on")] = None,
    practice: Practice = False,
) -> None:
    """Judge stored attempts again by today's rules and scenarios; say what changed."""
    from fleet.cli.commands import rejudge

    settings = _settings(practice)
    catalogue = catalogue_of(settings)
    warn_of(catalogue)
    _run(rejudge.rejudge(catalogue.select(ids or []), settings, since))


@app.command()
def care(
    as_json: Annotated[bool, typer.Option("--json", help="one scenario per line")] = False,
    practice: Practice = False,
) -> None:
    """Name the scenarios that nobody understands any more, and say who changed."""
    from fleet.cli.commands import care

    settings = _settings(practice)
    catalogue = catalogue_of(settings)
    warn_of(catalogue)
    _run(care.care(catalogue.scenarios, settings, as_json))


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free port")] = 8000,
    processes: Annotated[int | None, typer.Option(min=1, max=64, help="that serve")] = None,
    invite: Annotated[
        bool, typer.Option("--invite", help="say a link for an administrator if there is none")
    ] = False,
    practice: Practice = False,
) -> None:
    """Serve the web pages on which anyone browses the evidence, until Ctrl-C."""
    from fleet.cli.commands import serve

    _run(serve.serve(_settings(practice), host, port, practice, processes, invite=invite))


@app.command()
def rollup(
    check: Annotated[
        bool, typer.Option("--check", help="write nothing; count every attempt and compare")
    ] = False,
    practice: Practice = False,
) -> None:
    """Make the counts behind the figures anew from the attempts, or prove them; exit 3 if not."""
    from fleet.cli.commands import rollup

    _run(rollup.rollup(_settings(practice), check=check))


def _version(wanted: bool) -> None:
    if wanted:
        print(f"fleet {fleet.__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="say which")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="log every attempt")] = False,
) -> None:
    log.configure(quiet=not verbose, shown=visible)


add_examples(app)


def main(arguments: list[str] | None = None) -> int:
    """Run a command line; give its exit code (the `fleet` script exits with it)."""
    # as Ctrl-C: what was opened is closed, also before a run has handlers of its own
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    bear_any_terminal()
    try:
        check_arguments(sys.argv[1:] if arguments is None else arguments)
        app(args=arguments, prog_name="fleet")
    except FleetError as exc:
        print(f"fleet: {visible(str(exc), lines=True)}", file=sys.stderr)
        return next((code for kind, code in EXIT_CODES if isinstance(exc, kind)), FAILED)
    except SystemExit as exc:  # typer's way to end, usage errors included
        return exc.code if isinstance(exc.code, int) else FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except ModuleNotFoundError as exc:
        if (words := lacking(exc)) is None:
            raise
        print(f"fleet: {words}", file=sys.stderr)
        return FAILED
    except OSError as exc:
        if exc.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise
        says_nothing_more()
        where = f": {exc.filename}" if exc.filename else ""
        print(f"fleet: {exc.strerror}{where} (where the output goes, or data is)", file=sys.stderr)
        return FAILED
    return 0
