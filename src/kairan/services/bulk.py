"""Use case: one decision over many parts. Counted first, done by the worker in steps, each refusal kept, undone as one.

Each step is a transaction that moves `done` along with the decisions it made: a worker that is killed loses no
decision and makes none twice.
"""

import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
import structlog
from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from kairan.domain.errors import ForbiddenError, IllegalTransition, KairanError
from kairan.domain.rights import Right
from kairan.services import may
from kairan.services.actor import Actor
from kairan.services.approving import UNDO, undo
from kairan.services.attempts import NoSuchCaseError, attempt, audit
from kairan.services.choice import Choice, ChoiceError, Wrong, checked
from kairan.services.deciding import decide
from kairan.store.connection import raw_cursor
from kairan.store.queries import bulk_rows, case_rows
from kairan.store.queries.bulk_rows import Bulk, Cursor

DECIDE = "kairan.bulk_decide"  # the job's name; entrypoints.jobs says what it does
MOST = 20_000  # parts in one bulk decision
_STEP = 50
_NEWEST = 2**63 - 1

Clock = Callable[[], datetime]
log = structlog.get_logger("kairan.bulk")


def start(query: str, parts: Sequence[int], choice: Choice, actor: Actor, now: datetime) -> int:
    """Let the worker take a choice for all these parts. Returns the number under which its progress is seen.

    `query` is the list's address, for people. ChoiceError before anything is begun; ForbiddenError without DECIDE.
    """
    with attempt(actor, "case.bulk", "bulk", now) as cursor:
        may.check(actor, Right.DECIDE)
        fit = checked(choice, now)
        wanted = list(dict.fromkeys(parts))
        if not wanted or len(wanted) > MOST:
            raise ChoiceError({"parts": Wrong("too_many_parts" if wanted else "no_parts", {"most": MOST})})
        batch = uuid.uuid4()
        said = msgspec.to_builtins(fit)
        number = bulk_rows.add(cursor, batch, actor.person, actor.name, actor.origin, query, said, wanted, now)
        after = {"status": fit.status, "reason": fit.reason, "parts": len(wanted), "query": query}
        audit(cursor, actor, "case.bulk", f"bulk:{number}", None, after, now)
        wake()
    return number


def ask_undo(number: int, actor: Actor, now: datetime) -> None:
    """Stop a bulk decision, or take all of it back. IllegalTransition when it is too late."""
    with attempt(actor, "case.bulk_undo", f"bulk:{number}", now) as cursor:
        may.check(actor, Right.DECIDE)
        if bulk_rows.find(cursor, number) is None:
            raise NoSuchCaseError(f"there is no bulk decision {number}")
        found = bulk_rows.lock(cursor, number)
        if not can_undo(found, now):
            raise IllegalTransition(f"bulk decision {number} cannot be undone any more: it is {found.state}")
        bulk_rows.begin_undo(cursor, number, actor.person, actor.name, actor.origin)
        audit(cursor, actor, "case.bulk_undo", f"bulk:{number}", {"state": found.state}, {"done": found.done}, now)
        wake()


def can_undo(found: Bulk, now: datetime) -> bool:
    """While it runs, and for minutes after its end."""
    if found.state in {"waiting", "running"}:
        return True
    return found.state == "done" and found.finished_at is not None and now <= found.finished_at + UNDO


def wake() -> None:
    """Have a worker look for bulk decisions. One job in the queue is enough."""
    with suppress(AlreadyEnqueued), transaction.atomic():  # the savepoint outlives a refused job
        app.configure_task(name=DECIDE, queueing_lock=DECIDE).defer()


def wake_if_needed() -> None:
    """Some are not through and nobody works at them: their worker died."""
    if bulk_rows.any_active(raw_cursor()):
        wake()


def work(clock: Clock, stopping: Callable[[], bool] = lambda: False) -> bool:
    """Go on, step by step, until nothing is left to do. Was there anything?"""
    anything = False
    while not stopping() and _step(clock()):
        anything = True
    return anything


def _step(now: datetime) -> bool:
    """One transaction: some parts of the oldest bulk decision that nobody else works at."""
    with transaction.atomic():
        cursor = raw_cursor()
        found = bulk_rows.take(cursor)
        if found is None:
            return False
        if found.state == "undoing":
            _undo_some(cursor, found, now)
        else:
            _decide_some(cursor, found, now)
    return True


def _decide_some(cursor: Cursor, found: Bulk, now: datetime) -> None:
    choice = msgspec.convert(found.params, Choice)
    actor = Actor(found.actor, found.person, found.origin)
    some = found.parts[found.done : found.done + _STEP]
    case_rows.lock_cases_of(cursor, some)
    refused = [
        (part, why) for part in some if (why := _refusal(partial(decide, part, choice, actor, now, batch=found.batch)))
    ]
    done = found.done + len(some)
    bulk_rows.advance(cursor, found.id, done, [(part, *why) for part, why in refused], "running")
    if done >= found.total:
        bulk_rows.finish(cursor, found.id, now)


def _undo_some(cursor: Cursor, found: Bulk, now: datetime) -> None:
    """The newest first. What cannot be undone is kept as refused, and is passed over by its number."""
    passed = {row[2].get("decision") for row in found.refused if row[1].startswith("undo_")}
    beyond = min((each for each in passed if each), default=_NEWEST)
    some = bulk_rows.decisions_to_undo(cursor, found.batch, beyond, _STEP)
    case_rows.lock_cases_of(cursor, [part for _, part in some])
    actor = Actor(found.undo_actor, found.undo_person, found.undo_origin)
    refused: list[Sequence[Any]] = []
    for decision, part in some:
        why = _refusal(partial(undo, decision, actor, now, within=None))
        if why:
            refused.append((part, f"undo_{why[0]}", {**why[1], "decision": decision}))
    bulk_rows.advance(cursor, found.id, found.done, refused, "undoing")
    if len(some) < _STEP:
        bulk_rows.finish_undo(cursor, found.id, now)


def _refusal(attempted: Callable[[], object]) -> tuple[str, dict[str, Any]] | None:
    """Why it was refused, as a code and what it needs to be said; None when it was done."""
    try:
        attempted()
    except ForbiddenError:
        return "forbidden", {}
    except IllegalTransition as error:
        return "not_allowed", {"message": str(error)}
    except ChoiceError as error:
        return "wrong", {"fields": {name: each.code for name, each in error.wrong.items()}}
    except NoSuchCaseError:
        return "gone", {}
    except KairanError as error:
        return "failed", {"message": str(error)}
    return None
