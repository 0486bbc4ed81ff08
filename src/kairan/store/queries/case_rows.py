"""Rows of cases that a command changes: locked first, the case before its part, so that two commands never cross."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from kairan.store.queries import case_totals

Cursor = psycopg.Cursor[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Part:
    """A part as it is, locked with its case. `team` None: nobody's. `decision` is the one in force."""

    id: int
    case: int
    team: int | None
    status: str
    status_since: datetime
    relook: str
    claimed_by: int | None
    due_at: datetime | None
    until_at: datetime | None
    decision: int | None
    rule: str

    @property
    def before(self) -> dict[str, Any]:
        """What an undo needs of it."""
        return {
            "status": self.status,
            "status_since": self.status_since.isoformat(),
            "relook": self.relook,
            "decision": self.decision,
            "due_at": _text(self.due_at),
            "until_at": _text(self.until_at),
        }


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision as it is, locked with its part and case."""

    id: int
    part: int
    status: str
    justification: str
    reason: str
    until: str
    until_at: datetime | None
    due_at: datetime | None
    evidence: Sequence[Mapping[str, Any]]
    state: str
    decided_by: int | None
    actor: str
    decided_at: datetime
    approved_at: datetime | None
    batch: UUID | None
    before: Mapping[str, Any]

    @property
    def in_force_since(self) -> datetime:
        return self.approved_at or self.decided_at


def _text(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None


_PART = """
    SELECT p.id, p.case_id, p.team_id, p.status, p.status_since, p.relook, p.claimed_by_id, p.due_at, p.until_at,
        p.decision_id, c.rule
    FROM case_part p JOIN cases c ON c.id = p.case_id WHERE p.id = %s
"""
_DECISION = """
    SELECT id, part_id, status, justification, reason, until, until_at, due_at, evidence, state, decided_by_id, actor,
        decided_at, approved_at, batch, before
    FROM decision WHERE id = %s FOR UPDATE
"""


def lock_case(cursor: Cursor, case: int) -> bool:
    """Is there such a case, that did not become part of another? Then it is locked."""
    case_totals.lock(cursor, [case])
    cursor.execute("SELECT FROM cases WHERE id = %s AND merged_into_id IS NULL", (case,))
    return cursor.fetchone() is not None


def lock_part(cursor: Cursor, part: int) -> Part | None:
    """A part, locked with its case."""
    lock_cases_of(cursor, [part])
    cursor.execute(_PART, (part,))
    row = cursor.fetchone()
    return Part(*row) if row else None


def lock_cases_of(cursor: Cursor, parts: Sequence[int]) -> None:
    """The cases of these parts, with all that belongs to them, in the one order that everybody keeps.

    Looked at again once they are locked: a case may have become part of another while we waited for it.
    """
    before, cases = None, _cases_of(cursor, parts)
    while cases != before:
        case_totals.lock(cursor, cases)
        before, cases = cases, _cases_of(cursor, parts)


def _cases_of(cursor: Cursor, parts: Sequence[int]) -> list[int]:
    cursor.execute("SELECT DISTINCT case_id FROM case_part WHERE id = ANY(%s) ORDER BY 1", (list(parts),))
    return [case for (case,) in cursor.fetchall()]


def lock_decision(cursor: Cursor, decision: int) -> tuple[Decision, Part] | None:
    """A decision, locked after its part."""
    cursor.execute("SELECT part_id FROM decision WHERE id = %s", (decision,))
    row = cursor.fetchone()
    part = lock_part(cursor, row[0]) if row else None
    if part is None:
        return None
    cursor.execute(_DECISION, (decision,))
    found = cursor.fetchone()
    return (_decision(found), part) if found else None


def _decision(row: Sequence[Any]) -> Decision:
    """Django has JSON handed over as text, on its connection."""
    names = Decision.__slots__
    said = dict(zip(names, row, strict=True))
    return Decision(**said | {name: json.loads(said[name]) for name in ("evidence", "before")})


def has_newer(cursor: Cursor, decision: Decision) -> bool:
    """Was anything decided of the part since?"""
    cursor.execute(
        "SELECT FROM decision WHERE part_id = %s AND id > %s AND state <> 'undone' LIMIT 1",
        (decision.part, decision.id),
    )
    return cursor.fetchone() is not None


def add_decision(cursor: Cursor, part: Part, **said: Any) -> int:
    """Write a decision down; what waited for an approver until now is replaced by it."""
    cursor.execute("UPDATE decision SET state = 'replaced' WHERE part_id = %s AND state = 'waiting'", (part.id,))
    values = said | {"part_id": part.id, "evidence": Jsonb(said["evidence"]), "before": Jsonb(part.before)}
    names = ", ".join(values)
    marks = ", ".join(f"%({name})s" for name in values)
    cursor.execute(f"INSERT INTO decision ({names}) VALUES ({marks}) RETURNING id", values)
    row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def put_in_force(
    cursor: Cursor,
    part: Part,
    status: str,
    *,
    decision: int | None,
    until_at: datetime | None,
    due_at: datetime | None,
    now: datetime,
) -> None:
    """The part has this status now; the decision that was in force before is replaced."""
    cursor.execute("UPDATE decision SET state = 'replaced' WHERE id = %s AND state = 'effective'", (part.decision,))
    cursor.execute(
        "UPDATE case_part SET status = %s, status_since = %s, relook = '', decision_id = %s, until_at = %s,"
        " due_at = coalesce(%s, due_at) WHERE id = %s",
        (status, now, decision, until_at, due_at, part.id),
    )


def put_back(cursor: Cursor, decision: Decision) -> None:
    """The part is again as it was before a decision; a due date that came by other ways stays."""
    cursor.execute(
        "UPDATE case_part SET status = %(status)s, status_since = %(status_since)s, relook = %(relook)s,"
        " decision_id = %(decision)s, until_at = %(until_at)s,"
        " due_at = CASE WHEN due_at = %(due)s THEN %(due_at)s::timestamptz ELSE due_at END WHERE id = %(part)s",
        {**decision.before, "due": decision.due_at, "part": decision.part},
    )
    cursor.execute(
        "UPDATE decision SET state = 'effective' WHERE id = %s AND state = 'replaced'", (decision.before["decision"],)
    )


def mark_decision(cursor: Cursor, decision: int, state: str) -> None:
    cursor.execute("UPDATE decision SET state = %s WHERE id = %s", (state, decision))


def approve(cursor: Cursor, decision: int, part: Part, person: int | None, now: datetime) -> None:
    """In force from now on; an undo leads back to what the part is now, not to what it was when it was asked."""
    cursor.execute(
        "UPDATE decision SET state = 'effective', approver_id = %s, approved_at = %s, before = %s WHERE id = %s",
        (person, now, Jsonb(part.before), decision),
    )


def claim(cursor: Cursor, part: int, person: int | None, now: datetime | None) -> None:
    cursor.execute("UPDATE case_part SET claimed_by_id = %s, claimed_at = %s WHERE id = %s", (person, now, part))


def set_due(cursor: Cursor, part: int, due_at: datetime | None) -> None:
    cursor.execute("UPDATE case_part SET due_at = %s WHERE id = %s", (due_at, part))


def watch(cursor: Cursor, case: int, person: int) -> bool:
    """Did this change anything?"""
    cursor.execute(
        "INSERT INTO case_watcher (case_id, person_id) VALUES (%s, %s) ON CONFLICT DO NOTHING", (case, person)
    )
    return cursor.rowcount == 1


def unwatch(cursor: Cursor, case: int, person: int) -> bool:
    cursor.execute("DELETE FROM case_watcher WHERE case_id = %s AND person_id = %s", (case, person))
    return cursor.rowcount == 1


def is_person(cursor: Cursor, person: int | None) -> bool:
    """Is there such a row? What a payload claims may be anything."""
    cursor.execute("SELECT FROM person WHERE id = %s", (person,))
    return cursor.fetchone() is not None
