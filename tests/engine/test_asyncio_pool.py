"""
What asyncio-pool 0.6.0 does that `fleet/engine/run.py` works around.

A test that fails here after an upgrade is news: read `fleet/engine/run.py` again with it in mind.
"""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from asyncio_pool import AioPool


@pytest.fixture
async def full() -> AioPool:
    """A pool of one place, which is taken for as long as the test lasts."""
    pool = AioPool(size=1)
    await pool.spawn(asyncio.sleep(5))
    return pool


async def quick() -> str:
    return "done"


async def turns(count: int = 5) -> None:
    """Let everything else go on a little."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_task_cancelled_while_it_waits_for_a_place_goes_on(full: AioPool) -> None:
    waiting = asyncio.ensure_future(full.spawn(quick()))
    await turns()

    waiting.cancel()
    (ended,), _ = await asyncio.wait({waiting}, timeout=1)

    assert not ended.cancelled()
    assert isinstance(ended.result().exception(), asyncio.CancelledError)
    await full.cancel()


async def test_a_job_goes_on_after_a_timeout_around_it() -> None:
    pool, ended = AioPool(size=1), asyncio.Event()

    async def job() -> None:
        await asyncio.sleep(0.05)
        ended.set()

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(pool.exec(job()), 0.01)

    async with asyncio.timeout(1):
        await ended.wait()


async def test_cancelling_the_future_of_a_job_does_not_cancel_the_job() -> None:
    pool, ended = AioPool(size=1), asyncio.Event()

    async def job() -> None:
        await asyncio.sleep(0.01)
        ended.set()

    future = await pool.spawn(job())
    await turns()
    future.cancel()

    async with asyncio.timeout(1):
        await ended.wait()


async def test_a_cancelled_job_has_an_exception_and_is_not_cancelled() -> None:
    pool = AioPool(size=1)
    future = await pool.spawn(asyncio.sleep(5))
    await turns()

    await pool.cancel(future)

    assert not future.cancelled()
    assert isinstance(future.exception(), asyncio.CancelledError)


async def test_spawn_n_makes_a_task_for_every_job_at_once() -> None:
    pool, before = AioPool(size=2), asyncio.all_tasks()

    for _ in range(100):
        pool.spawn_n(quick())

    assert len(asyncio.all_tasks() - before) == 100
    await pool.join()


async def test_cancel_gives_invalid_state_errors_as_results_of_jobs_that_wait(
    full: AioPool,
) -> None:
    waiting = [asyncio.ensure_future(full.spawn(quick())) for _ in range(3)]
    await turns()

    count, results = await full.cancel()

    assert count == 4
    assert isinstance(results[2], asyncio.InvalidStateError)
    # and the jobs that were "cancelled" are run all the same
    assert [await (await each) for each in waiting] == ["done"] * 3


async def test_a_job_cancelled_before_its_first_step_never_ends_and_keeps_its_place() -> None:
    """Why a run does not end its visits by `pool.cancel()`: whoever awaits this one hangs."""
    pool = AioPool(size=1)
    coroutine = quick()
    future = await pool.spawn(coroutine)

    await pool.cancel()
    await turns()

    assert not future.done()
    assert pool.n_active == 1
    coroutine.close()


async def test_leaving_the_pool_waits_for_its_jobs_and_does_not_cancel_them() -> None:
    ended = asyncio.Event()

    async def job() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0.05)
            ended.set()

    async def owner() -> None:
        async with AioPool(size=1) as pool:
            await pool.spawn(job())
            raise ValueError("owner")

    with pytest.raises(ValueError, match="owner"):
        await owner()

    assert ended.is_set()
