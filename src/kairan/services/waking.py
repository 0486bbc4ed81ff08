"""The wake-up of those who deliver: in the transaction that writes a delivery, so that neither comes alone."""

from contextlib import suppress

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

DELIVER = "kairan.deliver"  # the job's name; entrypoints.jobs says what it does
PROMPT = "prompt"  # the queue of short jobs: they run beside those that take minutes (entrypoints.worker)


def wake() -> None:
    """Have a worker deliver. One job in the queue is enough."""
    with suppress(AlreadyEnqueued), transaction.atomic():  # the savepoint outlives a refused job
        app.configure_task(name=DELIVER, queue=PROMPT, queueing_lock=DELIVER).defer()
