"""What ends a decision, beside its date: a fix that becomes known, exploitation that does."""

from datetime import UTC, datetime

from psycopg.sql import Composable

from kairan.domain.query import parse
from kairan.store.queries import case_clock, search
from kairan.store.queries.case_clock import Cursor


def exploited(now: datetime) -> Composable:
    """Which findings are known to be exploited: whatever the query language answers. No source says so yet."""
    return search.select(parse("exploit:yes", now, UTC)).where


def is_known(cursor: Cursor, part: int, until: str, now: datetime) -> bool:
    """Is what a decision should last until known already, of anything that is open in the part?"""
    return case_clock.is_known(cursor, part, until, exploited(now))
