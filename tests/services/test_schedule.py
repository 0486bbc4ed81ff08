"""The schedule: each due task once, however late, and one that fails stops no other."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

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
