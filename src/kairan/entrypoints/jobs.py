"""What a worker does when it is woken. Jobs are wake-ups only: what is to be done stands in rows."""

import threading
from typing import Any

from django.db import close_old_connections, connection
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from kairan.runtime import clock
from kairan.services import bulk, deliver, demo, hearing, read_uploads, route, timers, to_route
from kairan.services.demo import PLAY
from kairan.services.turns import Turns
from kairan.services.uploads import READ
from kairan.services.waking import PRESSES, PROMPT

stopping = threading.Event()
PRESS_RETRIES = 8  # over some nine minutes
# Each of these finds a slot of its queue (entrypoints.worker), however often the others are woken.
DELIVERERS, ROUTERS, CLOCKS = Turns(3), Turns(1), Turns(1)


@app.task(name=READ)
def read() -> None:
    """Read the uploads that wait."""
    close_old_connections()
    try:
        read_uploads.work(clock.now, stopping.is_set)
    finally:
        connection.close()


@app.task(name=PLAY)
def play() -> None:
    """Play a day of the demo."""
    close_old_connections()
    try:
        demo.work(clock.now, stopping.is_set)
    finally:
        connection.close()


@app.task(name=bulk.DECIDE)
def bulk_decide() -> None:
    """Go on with bulk decisions."""
    close_old_connections()
    try:
        bulk.work(clock.now, stopping.is_set)
    finally:
        connection.close()


@app.task(name=deliver.DELIVER, queue=PROMPT)
def deliver_waiting() -> None:
    """Send what is to be told."""
    close_old_connections()
    try:
        if not demo.is_playing():  # it delivers by its own clock
            DELIVERERS.take(
                lambda: deliver.work(clock.now, stopping.is_set),
                lambda: not stopping.is_set() and deliver.is_left(clock.now()),
            )
    finally:
        connection.close()


@app.task(name=route.ROUTE, queue=PROMPT)
def route_waiting() -> None:
    """Bring cases in line with findings that changed."""
    close_old_connections()
    try:
        if not demo.is_playing():
            ROUTERS.take(
                lambda: route.work(clock.now, stopping.is_set),
                lambda: not stopping.is_set() and to_route.is_left(),
            )
    finally:
        connection.close()


@app.task(name=timers.TIMERS, queue=PROMPT)
def look_at_the_clock() -> None:
    """What time alone does to cases."""
    close_old_connections()
    try:
        if not demo.is_playing():
            CLOCKS.take(lambda: timers.due(clock.now()), lambda: False)
    finally:
        connection.close()


@app.task(
    name=hearing.HEAR,
    queue=PRESSES,
    retry=RetryStrategy(max_attempts=PRESS_RETRIES, exponential_wait=2),
    pass_context=True,
)
def hear_press(context: JobContext, destination: str, action: dict[str, Any]) -> None:
    """Do what somebody pressed in a destination. Here the job itself is the truth: it is tried again."""
    close_old_connections()
    try:
        hearing.do(destination, action, clock.now, is_last=context.job.attempts >= PRESS_RETRIES)
    finally:
        connection.close()
