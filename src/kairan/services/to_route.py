"""What waits for the rules, and waking somebody who looks at it. Apart from the router, so that all may import it."""

from contextlib import suppress
from datetime import datetime

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from kairan.services.waking import PROMPT
from kairan.store.connection import raw_cursor
from kairan.store.queries import unrouted

ROUTE = "kairan.route"  # the job's name; entrypoints.jobs says what it does


def wake() -> None:
    """Have a worker route. One job in the queue is enough. In the transaction that leaves something to route."""
    with suppress(AlreadyEnqueued), transaction.atomic():  # the savepoint outlives a refused job
        app.configure_task(name=ROUTE, queue=PROMPT, queueing_lock=ROUTE).defer()


def wake_if_needed(now: datetime | None = None) -> None:
    """Findings wait to be routed: their worker died, or was away."""
    if is_left():
        wake()


def is_left() -> bool:
    """Does anything wait to be routed?"""
    return unrouted.are_waiting(raw_cursor())
