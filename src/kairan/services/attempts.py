"""A person's attempt to change a case: one transaction, and a trace in the audit log also where it was refused."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction

from kairan.domain.errors import ForbiddenError, KairanError
from kairan.domain.news import Code, News
from kairan.domain.rights import Right
from kairan.services import case_events, deliver, may
from kairan.services.actor import Actor
from kairan.store.connection import raw_cursor
from kairan.store.queries import case_rows, case_totals
from kairan.store.queries.audit import add_audit
from kairan.store.queries.case_rows import Cursor, Part


class NoSuchCaseError(KairanError):
    """There is no such case, part or decision; or it became part of another."""


@contextmanager
def attempt(actor: Actor, action: str, subject: str, now: datetime) -> Iterator[Cursor]:
    """A transaction of its own. What is forbidden is rolled back, and kept in the audit log as `<action>.refused`."""
    try:
        with transaction.atomic():
            yield raw_cursor()
    except ForbiddenError as error:
        cursor = raw_cursor()
        person = actor.person if case_rows.is_person(cursor, actor.person) else None
        told = {"why": str(error)}
        add_audit(cursor, now, actor.name, f"{action}.refused", subject, None, told, person=person, origin=actor.origin)
        raise


def audit(
    cursor: Cursor, actor: Actor, action: str, subject: str, before: object, after: object, now: datetime
) -> None:
    add_audit(cursor, now, actor.name, action, subject, before, after, person=actor.person, origin=actor.origin)


def own_part(cursor: Cursor, part: int, actor: Actor) -> Part:
    """The part, locked, if the actor may answer for its team."""
    found = case_rows.lock_part(cursor, part)
    if found is None:
        may.check(actor, Right.DECIDE)  # whoever may not look behind the door is not told whether there is a room
        raise NoSuchCaseError(f"there is no part {part} of a case any more")
    may.check(actor, Right.ANSWER, found.team)
    return found


def news_of(part: Part, code: Code, actor: Actor, now: datetime, /, **params: object) -> News:
    return News(part.case, code, now, part.id, params, actor.name, actor.person)


def tell(cursor: Cursor, case: int, news: Sequence[News], now: datetime) -> None:
    """Bring the case in line with its parts, write down what happened, and have it told."""
    closed = case_totals.settle(cursor, [case], now)
    case_events.record(cursor, [*news, *closed], now)
    deliver.wake()
