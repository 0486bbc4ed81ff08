"""The schedule: each due task once, however late, and one that fails stops no other."""

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from kairan.entrypoints import worker
from kairan.services import schedule
from kairan.store.models import Schedule

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def due(name: str, *, at: datetime = NOW) -> None:
    Schedule.objects.create(name=name, task=name, every=3600, next_at=at)


@pytest.mark.django_db
def test_a_task_that_breaks_its_statement_is_recorded_and_the_others_fire(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(now: datetime) -> None:
        connection.cursor().execute("SELECT * FROM no_such_table")

    fired: list[datetime] = []
    monkeypatch.setattr(schedule, "TASKS", {"breaks": breaks, "works": fired.append})
    due("breaks", at=NOW - timedelta(minutes=1))
    due("works")

    assert schedule.tick(NOW) == ["breaks", "works"]
    assert fired == [NOW]
    assert "no_such_table" in Schedule.objects.get(name="breaks").last_error
    assert Schedule.objects.get(name="works").last_error == ""


@pytest.mark.django_db
def test_what_was_missed_is_caught_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    fired: list[datetime] = []
    monkeypatch.setattr(schedule, "TASKS", {"works": fired.append})
    due("works", at=NOW - timedelta(hours=5, minutes=30))

    schedule.tick(NOW)
    schedule.tick(NOW)

    assert fired == [NOW]
    assert Schedule.objects.get().next_at == NOW + timedelta(minutes=30)


def test_a_worker_that_is_told_to_stop_lets_its_tick_come_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """After it the embedded server may be stopped: a tick that was left behind would fail for that."""
    begun, ended = threading.Event(), threading.Event()

    def tick() -> None:
        begun.set()
        time.sleep(0.3)
        ended.set()

    async def stop_in_a_tick() -> None:
        ticking = asyncio.create_task(worker.ticks())
        await asyncio.to_thread(begun.wait, 5)
        ticking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await ticking
        assert ended.is_set()

    monkeypatch.setattr(worker, "_tick", tick)
    asyncio.run(stop_in_a_tick())
