"""The wake-up of those who deliver: in the transaction that writes a delivery, so that neither comes alone."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

DELIVER = "kairan.deliver"  # the job's name; entrypoints.jobs says what it does
PROMPT = "prompt"  # the queue of short jobs: they run beside those that take minutes (entrypoints.worker)
PRESSES = "presses"  # the queue of what people press: it waits for nothing else
_is_trial = ContextVar("is_trial", default=False)


@contextmanager
def trial() -> Iterator[None]:
    """What is written here will be taken back: nobody is woken.

    Else the job's lock would be held until then, and who wants to wake somebody meanwhile would wait.
    """
    token = _is_trial.set(True)
    try:
        yield
    finally:
        _is_trial.reset(token)


def wake() -> None:
    """Have a worker deliver. One job in the queue is enough."""
    if _is_trial.get():
        return
    with suppress(AlreadyEnqueued), transaction.atomic():  # the savepoint outlives a refused job
        app.configure_task(name=DELIVER, queue=PROMPT, queueing_lock=DELIVER).defer()
