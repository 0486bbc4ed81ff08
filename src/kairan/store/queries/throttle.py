"""Counts of failed logins, by key. Each change is one statement: attempts at the same instant count one by one."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from kairan.domain.lockout import WAITS, WINDOW, Limit
from kairan.store.connection import raw_cursor


@dataclass(frozen=True, slots=True)
class Taken:
    """An attempt that was let in, as number `count`. `until`: what it closed the door for, should it fail."""

    key: str
    count: int
    until: datetime | None


# The count begins anew when the door stood open, and nothing was counted, for the length of the window.
_TAKE = """
    insert into throttle as t (key, count, since, until) values (%(key)s, 1, %(now)s, null)
    on conflict (key) do update set (count, since, until) = (
        select n, case when n = 1 then %(now)s else t.since end,
               %(now)s + (%(waits)s::interval[])[least(n - %(limit)s + 1, cardinality(%(waits)s::interval[]))]
        from (select case when coalesce(t.until, t.since) <= %(now)s - %(window)s::interval then 1
                          else t.count + 1 end as n) counted)
    where t.until is null or t.until <= %(now)s
    returning count, until
"""


def take(key: str, limit: Limit, now: datetime) -> Taken | datetime:
    """Count an attempt; or, where the door is closed, until when."""
    cursor = raw_cursor()
    cursor.execute(_TAKE, {"key": key, "now": now, "window": WINDOW, "waits": list(WAITS), "limit": limit.failures})
    if row := cursor.fetchone():
        return Taken(key, *row)
    return closed_until([key], now).get(key, now)


def give_back(taken: Taken) -> None:
    """It was no failure: it does not count, and what it closed stands open."""
    raw_cursor().execute(
        "update throttle set count = greatest(count - 1, 0), until = case when until = %s then null else until end"
        " where key = %s",
        (taken.until, taken.key),
    )


def forget(key: str) -> bool:
    """Begin anew for this key. Was there anything to forget?"""
    return raw_cursor().execute("delete from throttle where key = %s", (key,)).rowcount > 0


def closed_until(keys: Collection[str], now: datetime) -> dict[str, datetime]:
    """Which of these are refused now, and until when."""
    cursor = raw_cursor()
    cursor.execute("select key, until from throttle where key = any(%s) and until > %s", (list(keys), now))
    return dict(cursor.fetchall())


def prune(now: datetime) -> int:
    """Counts that would begin anew anyway. Returns how many went."""
    return raw_cursor().execute("delete from throttle where coalesce(until, since) <= %s", (now - WINDOW,)).rowcount
