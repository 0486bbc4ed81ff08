"""The worker: runs jobs, and a tick each minute that fires what the schedule table says is due."""

import asyncio
from datetime import timedelta
from typing import Any

import structlog
from django.db import close_old_connections, connection

from kairan.entrypoints import slack
from kairan.entrypoints.jobs import CLOCKS, DELIVERERS, ROUTERS, stopping
from kairan.runtime import clock
from kairan.services import bulk, deliver, hearing, read_uploads, schedule, to_route
from kairan.services.waking import PRESSES, PROMPT

TICK_SECONDS = 60
STALLED_SECONDS = 15
STOP_SECONDS = 10
# How many jobs of each queue run at once: what takes minutes one after the other; beside it what is sent, routed and
# due, each with room of its own (entrypoints.jobs); and what people press, which waits for none of these.
LANES = {"default": 1, PROMPT: DELIVERERS.most + ROUTERS.most + CLOCKS.most, PRESSES: 2}
JOB_RETENTION = timedelta(days=7)
log = structlog.get_logger("kairan.worker")


def _tick() -> None:
    close_old_connections()
    try:
        now = clock.now()
        schedule.ensure_defaults(now)
        for name in schedule.tick(now):
            log.info("fired", schedule=name)
        read_uploads.wake_if_needed()
        bulk.wake_if_needed()
        deliver.wake_if_needed(now)
        to_route.wake_if_needed(now)
    except Exception:  # the runner: a failing tick is logged, the next one comes in a minute
        log.exception("tick failed")
    finally:
        connection.close()  # the next tick may be another thread's


async def ticks() -> None:
    """Tick for ever. Our own clock, not the queue's: a firing missed while Kairan was down is caught up."""
    while True:
        await _to_its_end(asyncio.create_task(asyncio.to_thread(_tick)))
        await asyncio.sleep(TICK_SECONDS)


async def _to_its_end(work: "asyncio.Task[None]") -> None:
    """A thread cannot be cancelled: who is told to stop waits for it, as the database may be stopped after us."""
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work], timeout=STOP_SECONDS)
        raise


async def _run(app: Any, queue: str, number: int) -> None:
    await app.run_worker_async(
        queues=[queue],
        name=f"kairan {queue}",
        concurrency=number,
        install_signal_handlers=False,
        delete_jobs="successful",
    )


async def jobs() -> None:
    """Run jobs for ever; start again after the database came back."""
    from procrastinate.contrib.django import app

    while True:
        try:
            queue = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
            async with queue.open_async(), asyncio.TaskGroup() as group:
                for name, number in LANES.items():
                    group.create_task(_run(queue, name, number))
        except asyncio.CancelledError:
            raise
        except Exception:  # the runner: a lost database must not end the worker
            log.exception("the job runner stopped; it starts again in 5 s")
        await asyncio.sleep(5)


async def presses() -> None:
    """Take up again what somebody pressed, if the worker that was at it died. All other jobs are only wake-ups."""
    from procrastinate.contrib.django import app

    while True:
        await asyncio.sleep(STALLED_SECONDS)
        try:
            await hearing.take_up(app)
        except Exception:  # the runner: a lost database must not end the worker
            log.exception("stalled presses could not be looked for")


async def _tell_jobs_to_stop() -> None:
    """A job runs in a thread, which nobody can cancel: it looks now and then whether it should stop."""
    stopping.clear()
    try:
        await asyncio.Event().wait()
    finally:
        stopping.set()


async def work() -> None:
    """Jobs and ticks, until cancelled."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_tell_jobs_to_stop())
        group.create_task(ticks())
        group.create_task(jobs())
        group.create_task(presses())
        group.create_task(slack.listen())
