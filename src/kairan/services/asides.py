"""Use case: what is told besides the news of a case: reminders, escalations, what PSIRT writes, tickets.

Like news (services.tell) these are rows, written in the transaction of what they are of, and sent when their turn
comes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from kairan.domain.config import Config
from kairan.domain.message import Purpose
from kairan.domain.reading_times import after_quiet
from kairan.services.actor import Actor
from kairan.services.readers import Directory, Reader
from kairan.services.telling import CLICK, NEWS, NOT_THERE, fingerprint, is_team_post, message
from kairan.services.waking import wake
from kairan.store.queries import deliveries
from kairan.store.queries.deliveries import Case, Cursor, Part, Root


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
        reader = directory.anyone(rule.escalate.to, rule.escalate.channel) if rule.escalate else None
        if reader is None:
            continue
        key = f"escalation/{part}/{reader.destination}/{reader.channel}/{told_at.isoformat()}"
        row = message(reader, key, Purpose.ESCALATION, NEWS, now, case=case.id, part=mine)
        rows.append(replace(row, params={"told_at": told_at.isoformat(), "number": mine.reminders}))
    deliveries.add(cursor, rows, now)
    wake()


def triage_messages(
    cursor: Cursor, config: Config, case: int, parts: Sequence[int], text: str, actor: Actor, now: datetime
) -> list[int]:
    """What PSIRT wrote, below the post of each of these parts' teams. Returns the deliveries.

    The same words to the same team within the hour are one message: a button that is pressed twice.
    """
    found = deliveries.cases(cursor, [case]).get(case)
    if found is None:
        return []
    known = deliveries.roots(cursor, [case]).get(case, [])
    directory, rows = Directory(config), {}
    for part in (each for each in found.parts if each.id in {*parts}):
        for reader in directory.team(found, part.key):
            root = _root_of(known, reader, part)
            hour = now.replace(minute=0, second=0, microsecond=0)
            key = f"triage_message/{part.id}/{reader.destination}/{reader.channel}/{hour.isoformat()}"
            key = f"{key}/{fingerprint([text, actor.name])}"
            row = message(reader, key, Purpose.TRIAGE_MESSAGE, CLICK, now, case=found.id, part=part)
            said = {"text": text, "by": actor.name, "broadcast": True}
            rows[key] = replace(row, root=root.id if root else None, params=said)
    deliveries.add(cursor, rows.values(), now)
    wake()
    return sorted(deliveries.by_key(cursor, rows).values())


def ticket(cursor: Cursor, config: Config, case: int, actor: Actor, now: datetime) -> int | None:
    """A ticket of the case, one however often it is asked for. Returns the delivery; None: nowhere to make one."""
    reader, found = Directory(config).tickets(), deliveries.cases(cursor, [case]).get(case)
    if reader is None or found is None:
        return None
    key = f"ticket/{case}/{reader.destination}"
    row = message(reader, key, Purpose.TICKET, CLICK, now, case=found.id)
    deliveries.add(cursor, [replace(row, params={"by": actor.name})], now)
    wake()
    return deliveries.by_key(cursor, [key])[key]


def _part(cursor: Cursor, part: int) -> tuple[Case, Part] | None:
    case = deliveries.case_of(cursor, part)
    if case is None:
        return None
    found = deliveries.cases(cursor, [case])[case]
    return next(((found, each) for each in found.parts if each.id == part), None)


def _root_of(known: Iterable[Root], reader: Reader, part: Part) -> Root | None:
    """The part's post in a channel, if it can be answered."""
    return next(
        (
            root
            for root in known
            if root.part == part.id and (root.destination, root.channel) == reader.lane and is_team_post(root)
            if root.state not in NOT_THERE
        ),
        None,
    )
