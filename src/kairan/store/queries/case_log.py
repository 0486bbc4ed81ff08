"""The timeline of cases, written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import psycopg

from kairan.domain.news import News

Cursor = psycopg.Cursor[tuple[Any, ...]]


def add(cursor: Cursor, news: Sequence[News], now: datetime) -> None:
    """Append events, in this order, and note that their cases changed."""
    with cursor.copy(
        "COPY case_event (case_id, part_id, code, at, recorded_at, person_id, actor, params) FROM STDIN"
    ) as stream:
        for each in news:
            params = msgspec.json.encode(each.params).decode()
            stream.write_row((each.case, each.part, each.code.value, each.at, now, each.person, each.by, params))
    cursor.execute(
        "UPDATE cases SET updated_at = %(now)s WHERE id = ANY(%(cases)s) AND updated_at < %(now)s",
        {"now": now, "cases": sorted({each.case for each in news})},
    )


@dataclass(frozen=True, slots=True)
class Silent:
    """Cases and parts of which nobody was told yet."""

    cases: frozenset[int]
    parts: frozenset[int]


def silent(cursor: Cursor, news: Sequence[News]) -> Silent:
    """Those that this is news of."""
    cursor.execute(
        "SELECT id FROM cases WHERE id = ANY(%s) AND told_at IS NULL", (sorted({each.case for each in news}),)
    )
    cases = frozenset(row[0] for row in cursor)
    parts = sorted({each.part for each in news if each.part})
    cursor.execute("SELECT id FROM case_part WHERE id = ANY(%s) AND told_at IS NULL", (parts,))
    return Silent(cases, frozenset(row[0] for row in cursor))
