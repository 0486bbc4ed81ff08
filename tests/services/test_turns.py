"""Jobs of one kind leave the other slots of a worker to others, and forget nothing."""

import threading
import time

import pytest

from kairan.services.turns import Turns
from tests.threads import beside


def test_who_finds_no_room_goes_at_once() -> None:
    turns, inside, go = Turns(2), threading.Barrier(3), threading.Event()

    def work() -> None:
        inside.wait(10)
        go.wait(10)

    threads = [beside(lambda: turns.take(work, lambda: False)) for _ in range(2)]
    inside.wait(10)
    assert not turns.take(lambda: pytest.fail("there is no room"), lambda: False)
    go.set()
    for thread in threads:
        thread.join()
    assert turns.take(lambda: None, lambda: False)


def test_what_came_while_somebody_was_about_to_leave_is_done() -> None:
    turns, left, done = Turns(1), ["late"], []

    def is_left() -> bool:
        return bool(left)

    def work() -> None:
        done.append(left.pop() if done else "first")

    assert turns.take(work, is_left)
    assert done == ["first", "late"]


def test_room_is_made_also_by_who_fails() -> None:
    turns = Turns(1)
    with pytest.raises(ZeroDivisionError):
        turns.take(lambda: 1 // 0, lambda: False)
    assert turns.take(lambda: None, lambda: False)


def test_many_wake_ups_while_one_routes_hold_one_slot(store: None) -> None:
    """A configuration is applied, or another worker routes: who waits for that is one job, not each that was woken."""
    from kairan.entrypoints import jobs
    from kairan.store.connection import raw_cursor
    from kairan.store.queries import routing, unrouted
    from tests.reports import NOW

    raw_cursor().execute("SELECT pg_advisory_lock(%s)", (routing.ONE_ROUTER,))
    unrouted.add(raw_cursor(), [1], None, NOW)
    began = time.monotonic()
    first = beside(jobs.route_waiting.func)
    time.sleep(0.5)
    others = [beside(jobs.route_waiting.func) for _ in range(4)]
    for each in others:
        each.join(10)
    alive = [each.is_alive() for each in (first, *others)]
    raw_cursor().execute("SELECT pg_advisory_unlock(%s)", (routing.ONE_ROUTER,))
    first.join(20)
    assert alive == [True, False, False, False, False]
    assert not unrouted.are_waiting(raw_cursor())
    assert time.monotonic() - began < 10


def test_every_kind_of_prompt_job_has_room_and_presses_have_their_own() -> None:
    from kairan.entrypoints import jobs, worker
    from kairan.services.waking import PRESSES, PROMPT

    turns = jobs.DELIVERERS.most + jobs.ROUTERS.most + jobs.CLOCKS.most
    assert worker.LANES[PROMPT] >= turns
    assert jobs.hear_press.queue == PRESSES
    assert worker.LANES[PRESSES] >= 1
    prompt = (jobs.deliver_waiting, jobs.route_waiting, jobs.look_at_the_clock)
    assert {each.queue for each in prompt} == {PROMPT}
