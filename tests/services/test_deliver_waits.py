"""Who waits for a delivery's time waits quietly: nobody asks the store again and again for what cannot be sent yet."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from kairan.domain.news import Code
from kairan.services import configuration, deliver
from kairan.services.carriers import carriers
from kairan.store.connection import raw_cursor
from kairan.store.models import Delivery
from kairan.store.queries import lanes
from tests.services.town import Town, town


@pytest.fixture
def here(store: None) -> Iterator[Town]:
    with town() as found:
        yield found


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When somebody looked for something to do."""
    looked, real = [], deliver.step

    def step(*given: Any) -> bool:
        looked.append(time.monotonic())
        return real(*given)

    monkeypatch.setattr(deliver, "step", step)
    return looked


def next_at(here: Town) -> datetime | None:
    with carriers(configuration.active(), here.clock) as known:
        return lanes.next_at(raw_cursor(), known.names, known.limits())


def for_seconds(number: float) -> Any:
    until = time.monotonic() + number
    return lambda: time.monotonic() > until


def set_(row: Any, **said: Any) -> None:
    Delivery.objects.filter(pk=row.pk).update(**said)


def test_a_form_that_waits_for_a_post_of_tomorrow_keeps_nobody_busy(here: Town, steps: list[float]) -> None:
    here.news(here.case("shop"), Code.OPENED)
    set_(here.only(purpose="team_post"), not_before=here.now + timedelta(hours=8))
    deliver.work(here.clock, for_seconds(3))
    assert here.only(purpose="triage_form").state == "pending"
    assert next_at(here) == here.now + lanes.PATIENCE
    assert len(steps) < 10


def test_what_belongs_below_an_uncertain_post_waits_for_the_look(here: Town) -> None:
    case = here.case("shop")
    here.news(case, Code.OPENED)
    here.work()
    here.news(case, Code.STILL_SEEN)
    there = here.now + timedelta(minutes=10)
    Delivery.objects.filter(state="sent").update(state="uncertain", sending_since=here.now, uncertain_until=there)
    assert next_at(here) == there


def test_what_waits_in_a_busy_channel_waits_for_its_sender(here: Town) -> None:
    for _ in range(2):
        here.news(here.case("shop"), Code.OPENED)
    Delivery.objects.exclude(purpose="team_post").delete()
    set_(here.deliveries()[0], state="sending", sending_since=here.now)
    with carriers(configuration.active(), here.clock) as known:
        assert next_at(here) == here.now + known.limits()["dummy"]


def test_a_reply_waits_for_the_one_before_it(here: Town) -> None:
    case = here.case("shop")
    here.news(case, Code.OPENED)
    here.work()
    here.news(case, Code.STILL_SEEN)
    here.news(case, Code.STILL_SEEN, findings=2)
    later = here.now + timedelta(minutes=5)
    Delivery.objects.filter(edits=True).delete()
    for channel in ("C-psirt", "C-shop"):
        set_(here.deliveries(purpose="update", channel=channel)[0], not_before=later)
    assert next_at(here) == later


def test_a_test_of_a_limited_destination_goes_at_once(here: Town) -> None:
    from kairan.services.actor import Actor
    from kairan.store.queries import outcomes

    outcomes.went_wrong(raw_cursor(), "dummy", "429", here.now, until=here.now + timedelta(hours=1))
    deliver.test("dummy", Actor("admin"), here.now)
    assert next_at(here) == here.now


def test_what_somebody_holds_is_asked_for_less_and_less_often(here: Town, steps: list[float]) -> None:
    """News is being put to a post in a transaction that takes long."""
    here.news(here.case(""), Code.OPENED)
    with held(here.only(purpose="psirt_post").pk):
        deliver.work(here.clock, for_seconds(3))
    assert len(steps) < 20
    here.work()
    assert here.only(purpose="psirt_post").state == "sent"


@contextmanager
def held(number: int) -> Iterator[None]:
    from django.db import connection, transaction

    is_held, go = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                raw_cursor().execute("SELECT FROM delivery WHERE id = %s FOR UPDATE", (number,))
                is_held.set()
                go.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert is_held.wait(10)
    try:
        yield
    finally:
        go.set()
        thread.join()
