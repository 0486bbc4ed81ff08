"""What a message says of a case: everything about one case, in a number of queries that does not grow with it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

import msgspec
import psycopg

from kairan.domain.severity import Severity

Cursor = psycopg.Cursor[tuple[Any, ...]]
_T = TypeVar("_T")

MOST_IDS = 50
MOST_VERSIONS = 20  # installed or fixed ones of one package


@dataclass(frozen=True, slots=True)
class Delivery:
    """The row to be composed, with the code of its team's key ("" none)."""

    id: int
    destination: str
    purpose: str
    case: int | None
    part: int | None
    team: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Head:
    """The case itself. `kind` and `primary_id` are of its vulnerability, "" where it is grouped otherwise."""

    id: int
    rule: str
    group_by: str
    title: str
    state: str
    status: str
    severity: Severity
    findings: int
    opened_at: datetime
    reopened_at: datetime | None
    vulnerability: int | None
    kind: str
    primary_id: str


@dataclass(frozen=True, slots=True)
class Part:
    id: int
    team: str
    name: str
    status: str
    relook: str
    findings: int
    due_at: datetime | None
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Place:
    id: int
    kind: str
    name: str
    part: int


@dataclass(frozen=True, slots=True)
class Fix:
    package: str
    ecosystem: str
    installed: Sequence[str]
    fixed: Sequence[str]


@dataclass(frozen=True, slots=True)
class Item:
    """A case of a digest; `status` and `due_at` of the reader's part where there is one."""

    id: int
    title: str
    severity: Severity
    status: str
    places: int
    due_at: datetime | None


# The case's findings: the open ones, or, when none is, all that are in it.
_FINDINGS = """
    linked AS (
        SELECT l.part_id, f.id, f.asset_id, f.package_id, f.vulnerability_id, f.is_open
        FROM case_finding l JOIN finding f ON f.id = l.finding
        WHERE l.case_id = %(case)s AND l.left_at IS NULL
    ), mine AS (
        SELECT * FROM linked WHERE is_open OR NOT EXISTS (SELECT FROM linked WHERE is_open)
    )
"""


def delivery(cursor: Cursor, number: int) -> Delivery | None:
    """A delivery of a case that was folded into another is of that other one."""
    cursor.execute(
        "SELECT d.id, d.destination, d.purpose, coalesce(c.merged_into_id, c.id), d.part_id, coalesce(t.key, ''),"
        " d.params FROM delivery d LEFT JOIN cases c ON c.id = d.case_id LEFT JOIN team t ON t.id = d.team_id"
        " WHERE d.id = %s",
        (number,),
    )
    row = cursor.fetchone()
    return _made(Delivery, row, params=lambda value: decoded(value) or {}) if row else None


def head(cursor: Cursor, case: int) -> Head | None:
    cursor.execute(
        "SELECT c.id, c.rule, c.group_by, c.title, c.state, c.status, c.severity, c.findings, c.opened_at,"
        " c.reopened_at, c.vulnerability_id, coalesce(v.kind, ''), coalesce(v.primary_id, '')"
        " FROM cases c LEFT JOIN vulnerability v ON v.id = c.vulnerability_id WHERE c.id = %s",
        (case,),
    )
    row = cursor.fetchone()
    return _made(Head, row, severity=Severity) if row else None


def identifiers(cursor: Cursor, vulnerability: int) -> list[str]:
    """A vulnerability's ids; `MOST_IDS` of them, GHSA and CVE first."""
    cursor.execute(
        "SELECT value FROM identifier WHERE vulnerability_id = %s"
        " ORDER BY value NOT LIKE 'GHSA-%%', value NOT LIKE 'CVE-%%', value LIMIT %s",
        (vulnerability, MOST_IDS),
    )
    return [value for (value,) in cursor.fetchall()]


def summary(cursor: Cursor, vulnerability: int) -> str:
    """What its advisories call it: GitHub's word before others', withdrawn ones last; "" if none has a title."""
    cursor.execute(
        "SELECT a.title FROM identifier i JOIN advisory_identifier l ON l.identifier_id = i.id"
        " JOIN advisory a ON a.id = l.advisory_id WHERE i.vulnerability_id = %s AND a.title <> ''"
        " ORDER BY a.withdrawn_at IS NOT NULL, a.external_id NOT LIKE 'GHSA-%%', a.severity DESC, a.id LIMIT 1",
        (vulnerability,),
    )
    row = cursor.fetchone()
    return str(row[0]) if row else ""


def parts(cursor: Cursor, case: int) -> list[Part]:
    """The case's parts by their teams' names; nobody's comes last."""
    cursor.execute(
        "SELECT p.id, coalesce(t.key, ''), coalesce(nullif(t.name, ''), t.key, ''), p.status, p.relook, p.findings,"
        " p.due_at, coalesce(nullif(c.name, ''), c.username, d.actor, ''), coalesce(d.reason, '')"
        " FROM case_part p LEFT JOIN team t ON t.id = p.team_id LEFT JOIN person c ON c.id = p.claimed_by_id"
        " LEFT JOIN decision d ON d.id = p.decision_id WHERE p.case_id = %s ORDER BY t.name, t.key, p.id",
        (case,),
    )
    return [Part(*row) for row in cursor.fetchall()]


def places(cursor: Cursor, case: int) -> list[Place]:
    """The assets that are affected, by name, each once for each part."""
    cursor.execute(
        f"WITH {_FINDINGS} SELECT DISTINCT a.id, a.kind, a.name, m.part_id"
        " FROM mine m JOIN asset a ON a.id = m.asset_id ORDER BY a.name, a.id, m.part_id",
        {"case": case},
    )
    return [Place(*row) for row in cursor.fetchall()]


def fixes(cursor: Cursor, case: int) -> list[Fix]:
    """The packages that are affected, with the versions that sources name."""
    cursor.execute(
        f"WITH {_FINDINGS} SELECT p.name, p.ecosystem,"
        " (array_agg(DISTINCT s.installed) FILTER (WHERE s.installed <> ''))[1:%(most)s],"
        " (array_agg(DISTINCT s.fixed) FILTER (WHERE s.fixed <> ''))[1:%(most)s]"
        " FROM mine m JOIN package p ON p.id = m.package_id JOIN sighting s ON s.finding_id = m.id"
        " AND (s.is_live OR NOT m.is_open) GROUP BY p.id ORDER BY count(*) DESC, p.name, p.id",
        {"case": case, "most": MOST_VERSIONS},
    )
    return [Fix(name, ecosystem, installed or [], fixed or []) for name, ecosystem, installed, fixed in cursor]


def sources(cursor: Cursor, case: int) -> list[str]:
    """The kinds of the sources that report it, the most telling first."""
    cursor.execute(
        f"WITH {_FINDINGS} SELECT o.kind FROM mine m JOIN sighting s ON s.finding_id = m.id"
        " AND (s.is_live OR NOT m.is_open) JOIN scope c ON c.id = s.scope_id JOIN source o ON o.id = c.source_id"
        " GROUP BY o.kind ORDER BY count(*) DESC, o.kind",
        {"case": case},
    )
    return [kind for (kind,) in cursor.fetchall()]


def posts(cursor: Cursor, case: int, destination: str) -> dict[int, str]:
    """Where each part's team was told, by part: the newest post that is still there."""
    cursor.execute(
        "SELECT part_id, receipt ->> 'url' FROM delivery WHERE case_id = %s AND destination = %s AND NOT edits"
        " AND purpose IN ('team_post', 'handover') AND root_id IS NULL AND state = 'sent' AND part_id IS NOT NULL"
        " AND NOT coalesce(receipt -> 'more' ? 'gone', false) ORDER BY id",
        (case, destination),
    )
    return {part: url for part, url in cursor.fetchall() if url}


def ticket(cursor: Cursor, case: int) -> str:
    """The address of the case's ticket, "" while there is none."""
    cursor.execute(
        "SELECT coalesce(receipt ->> 'url', '') FROM delivery WHERE case_id = %s AND purpose = 'ticket'"
        " AND state = 'sent' AND NOT edits ORDER BY id LIMIT 1",
        (case,),
    )
    row = cursor.fetchone()
    return str(row[0]) if row else ""


def handed_over(cursor: Cursor, case: int, part: int | None) -> Mapping[str, Any]:
    """The parameters of the last hand-over to a part."""
    cursor.execute(
        "SELECT params FROM case_event WHERE case_id = %s AND code = 'handed_over' AND part_id IS NOT DISTINCT FROM %s"
        " ORDER BY at DESC, id DESC LIMIT 1",
        (case, part),
    )
    row = cursor.fetchone()
    return decoded(row[0]) if row else {}


def items(cursor: Cursor, cases: Iterable[int], team: str) -> list[Item]:
    """The lines of a digest, the worst first, closed ones last."""
    cursor.execute(
        "SELECT c.id, c.title, c.severity, coalesce(p.status, c.status), n.places, p.due_at"
        " FROM cases c LEFT JOIN LATERAL (SELECT p.status, p.due_at FROM case_part p JOIN team t ON t.id = p.team_id"
        "   WHERE p.case_id = c.id AND t.key = %(team)s LIMIT 1) p ON true"
        " CROSS JOIN LATERAL (SELECT count(DISTINCT f.asset_id) AS places FROM case_finding l"
        "   JOIN finding f ON f.id = l.finding WHERE l.case_id = c.id AND l.left_at IS NULL) n"
        " WHERE c.id IN (SELECT coalesce(merged_into_id, id) FROM cases WHERE id = ANY(%(cases)s))"
        " ORDER BY c.state = 'closed', c.severity DESC, c.opened_at, c.id",
        {"cases": list(cases), "team": team},
    )
    return [_made(Item, row, severity=Severity) for row in cursor.fetchall()]


def _made(kind: type[_T], row: Sequence[Any], **read: Callable[[Any], object]) -> _T:
    """A value of columns in the order of its fields, some of them read in their own way."""
    said = dict(zip((each.name for each in fields(kind)), row, strict=True))  # type: ignore[arg-type]  # a dataclass
    return kind(**said | {name: how(said[name]) for name, how in read.items()})


def decoded(value: Any) -> Any:
    """JSON of a hand-written query: Django's connections give it as text."""
    return msgspec.json.decode(value) if isinstance(value, str | bytes) else value
