"""Use cases of held closings: a person says "close them" or "keep open"."""

from dataclasses import replace
from datetime import datetime

from django.db import transaction

from kairan.domain.errors import IllegalTransition, KairanError
from kairan.services import to_route
from kairan.store.connection import raw_cursor
from kairan.store.queries import aliases, held, ingest, unrouted
from kairan.store.queries.audit import add_audit


def decide(
    number: int, *, close: bool, actor: str, now: datetime, person: int | None = None, origin: str = "command line"
) -> held.Held:
    """Settle a held set. Closing ends its sightings as of the report that held them."""
    with transaction.atomic():
        cursor = raw_cursor()
        found = held.lock(cursor, number)
        if found is None:
            raise KairanError(f"there is no held closing {number}; `kairan held` lists them")
        if found.state != "waiting":
            raise IllegalTransition(f"held closing {number} is settled already: {found.state}")
        if close:
            found = replace(found, closed=_close(cursor, found, now))
        held.decide(cursor, number, "closed" if close else "kept", person, now)
        action = "held.close" if close else "held.keep"
        after = {"scope": found.scope, "sightings": found.sightings}
        before = {"state": found.state}
        add_audit(cursor, now, actor, action, f"held:{number}", before, after, person=person, origin=origin)
    return found


def _close(cursor: held.Cursor, found: held.Held, now: datetime) -> int:
    aliases.lock_shared(cursor, ingest.ALIAS_LOCK)
    held.plan_close(cursor, found.id)
    ingest.lock_findings(cursor)
    ingest.end_sightings(cursor, found.as_of)
    ingest.settle_findings(cursor)
    ingest.add_events(cursor, found.as_of, now, None)
    unrouted.add_staged(cursor, None, now)
    to_route.wake()
    return held.how_many_closed(cursor)


def waiting() -> list[held.Held]:
    """What waits for a person."""
    return held.waiting(raw_cursor())
