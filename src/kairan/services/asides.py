"""Use case: what is told besides the news of a case: reminders, escalations, what PSIRT writes, tickets.

Like news (services.tell) these are rows, written in the transaction of what they are of, and sent when their turn
comes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from kairan.domain.config import Config
from kairan.domain.message import Purpose
from kairan.domain.reading_times import after_quiet
from kairan.services.actor import Actor
from kairan.services.readers import Directory, Reader
from kairan.services.telling import CLICK, NEWS, NOT_THERE, fingerprint, message, post_in
from kairan.services.waking import wake
from kairan.store.queries import case_pressed, deliveries
from kairan.store.queries.deliveries import Case, Cursor, Part, Root

AGAIN = timedelta(hours=1)  # the same words to the same channel within this time are a button that was pressed twice


def remind(cursor: Cursor, config: Config, part: int, now: datetime) -> None:
    """Remind a part's team: below its post, or on its own where the team read of it in a digest."""
    found = _part(cursor, part)
    if found is None:
        return
    case, mine = found
    known = deliveries.roots(cursor, [case.id]).get(case.id, [])
    rows = []
    for reader in Directory(config).team(case, mine.key):
        root = _root_of(known, reader, mine)
        told_at = mine.told_at or now
        key = f"reminder/{part}/{reader.destination}/{reader.channel}/{told_at.isoformat()}/{mine.reminders}"
        at = after_quiet(reader.quiet, reader.zone, now)
        row = message(reader, key, Purpose.REMINDER, NEWS, at, case=case.id, part=mine)
        params = {"told_at": told_at.isoformat(), "number": mine.reminders + 1}
        rows.append(replace(row, root=root.id if root else None, params=params))
    deliveries.add(cursor, rows, now)
    wake()


def escalate(cursor: Cursor, config: Config, part: int, now: datetime) -> None:
    """Tell whom the case's rules name that a part's team has not answered."""
    found = _part(cursor, part)
    if found is None:
        return
    case, mine = found
    directory, told_at, rows = Directory(config), mine.told_at or now, []
    for rule in directory.rules_of(case):
        reader = directory.escalated_to(rule)
        if reader is None:
            continue
        key = f"escalation/{part}/{reader.destination}/{reader.channel}/{told_at.isoformat()}"
        at = after_quiet(reader.quiet, reader.zone, now)
        row = message(reader, key, Purpose.ESCALATION, NEWS, at, case=case.id, part=mine)
        rows.append(replace(row, params={"told_at": told_at.isoformat(), "number": mine.reminders}))
    deliveries.add(cursor, rows, now)
    wake()


def triage_messages(
    cursor: Cursor, config: Config, case: int, parts: Sequence[int], text: str, actor: Actor, now: datetime
) -> set[int]:
    """What PSIRT wrote, below the post of each of these parts' teams. Returns the parts that are told now.

    Where these very words went within the hour they do not go again, unless they were refused there. The caller holds
    the case's lock: a second press finds what the first one wrote.
    """
    found = deliveries.cases(cursor, [case]).get(case)
    if found is None:
        return set()
    known = deliveries.roots(cursor, [case]).get(case, [])
    before = case_pressed.written(cursor, case, parts, text, now - AGAIN)
    directory, rows = Directory(config), {}
    for part in (each for each in found.parts if each.id in {*parts}):
        for reader in directory.team(found, part.key):
            key, state = before.get((part.id, *reader.lane), ("", ""))
            if key and state not in NOT_THERE:
                continue
            new = (
                f"triage_message/{part.id}/{reader.destination}/{reader.channel}/{now.isoformat()}/{fingerprint(text)}"
            )
            row = message(reader, key or new, Purpose.TRIAGE_MESSAGE, CLICK, now, case=found.id, part=part)
            root = _root_of(known, reader, part)
            said = {"text": text, "by": actor.name, "broadcast": True}
            rows[row.key] = replace(row, root=root.id if root else None, params=said)
    made = deliveries.add(cursor, rows.values(), now, refused=True)
    wake()
    return {number for key in made if (number := rows[key].part) is not None}


def ticket(cursor: Cursor, config: Config, case: int, actor: Actor, now: datetime) -> bool:
    """A ticket of the case, one however often it is asked for; once more where it was refused.

    False: it is on its way or there already, or there is nowhere to make one.
    """
    reader, found = Directory(config).tickets(), deliveries.cases(cursor, [case]).get(case)
    if reader is None or found is None:
        return False
    row = message(reader, f"ticket/{case}/{reader.destination}", Purpose.TICKET, CLICK, now, case=found.id)
    made = deliveries.add(cursor, [replace(row, params={"by": actor.name})], now, refused=True)
    wake()
    return bool(made)


def _part(cursor: Cursor, part: int) -> tuple[Case, Part] | None:
    case = deliveries.case_of(cursor, part)
    if case is None:
        return None
    found = deliveries.cases(cursor, [case])[case]
    return next(((found, each) for each in found.parts if each.id == part), None)


def _root_of(known: Iterable[Root], reader: Reader, part: Part) -> Root | None:
    """The part's post in a channel, if it can be answered."""
    root = post_in(known, reader, part)
    return root if root and root.state not in NOT_THERE else None
