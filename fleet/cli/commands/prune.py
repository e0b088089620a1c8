"""`fleet prune`: old evidence files go, attempts and their hashes stay."""

from __future__ import annotations

import getpass
import os
from typing import TYPE_CHECKING

from rich.table import Table

from fleet.bootstrap.store import open_store
from fleet.cli.console import Console
from fleet.evidence.retention import Policy, Retention
from fleet.models import now
from fleet.rendering.thumbnails import Thumbnails

if TYPE_CHECKING:
    from fleet.evidence.retention import RemovalPlan
    from fleet.settings import Settings
    from fleet.storage.store import Store


FLOWS_SHOWN = 10


def policy_of(settings: Settings, days: int | None, per_flow: int | None) -> Policy:
    """
    The policy of the settings; an option given goes before its setting.

    Raises:
        BadInput: nothing limits anything.
    """
    return Policy(
        settings.keep_days if days is None else days,
        settings.keep_per_flow if per_flow is None else per_flow,
    )


async def prune(settings: Settings, policy: Policy, *, yes: bool) -> bool:
    """
    Say what the policy lets go, and with `yes` remove it.

    Raises:
        LeaseTaken: another process prunes this database.
    """
    console = Console(highlight=False, soft_wrap=True)
    async with open_store(settings) as store:
        retention = Retention(store, policy, now())
        plan = await retention.plan()
        print_plan(console, policy, plan)
        if not plan.all.files:
            return True
        if not yes:
            console.print("Nothing was removed. To remove them, add --yes")
            return True
        await _carry_out(console, settings, store, retention)
    return True


async def _carry_out(
    console: Console, settings: Settings, store: Store, retention: Retention
) -> None:
    thumbnails = Thumbnails(settings.data_dir / "thumbnails")
    lease = store.lease("prune")
    await lease.take()
    files = stored_bytes = 0
    try:
        async for erased in retention.carry_out(_user()):
            for sha256 in erased.sha256s:
                thumbnails.drop(sha256)
            files += len(erased.sha256s)
            stored_bytes += erased.stored_bytes
            await lease.renew()
    finally:
        # also when it is interrupted: what is not removed yet is as it was
        console.print(f"removed {files} files, {_mb(stored_bytes)}; no attempt was changed")
        await lease.release()


def print_plan(console: Console, policy: Policy, plan: RemovalPlan) -> None:
    """Print what a policy would remove."""
    console.print(f"{policy.reason}:")
    if not plan.all.files:
        console.print("no file goes")
    else:
        assert plan.oldest is not None
        assert plan.newest is not None
        console.print(
            f"{plan.all.files} files of {plan.all.attempts} attempts go,"
            f" {_mb(plan.all.stored_bytes)}; these visits were from {plan.oldest:%Y-%m-%d %H:%M}"
            f" to {plan.newest:%Y-%m-%d %H:%M} UTC"
        )
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("flow", no_wrap=True)
        for column in ("attempts", "files", "MB"):
            table.add_column(column, justify="right")
        most = sorted(plan.flows.items(), key=lambda each: -each[1].stored_bytes)
        for scenario_id, share in most[:FLOWS_SHOWN]:
            size = f"{share.stored_bytes / 1e6:.1f}"
            table.add_row(scenario_id, str(share.attempts), str(share.files), size)
        console.print(table)
        if len(most) > FLOWS_SHOWN:
            console.print(f"… and {len(most) - FLOWS_SHOWN} more flows")
    for ground, count in plan.kept_attempts.most_common():
        console.print(f"{count} older attempts keep their files: {ground} (docs/keeping.md)")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no name for this user, as in some containers
        return f"uid {os.getuid()}"


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB"
