"""What happened to findings, once more and in order: what a rule is rehearsed on. Streamed by a server-side cursor."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import psycopg
from django.db import connection, transaction
from psycopg.sql import SQL, Composable, Composed

from kairan.domain.query import Choice, Node, Not, Or, Period
from kairan.domain.query.tree import EVERYTHING, And
from kairan.store.connection import raw_cursor
from kairan.store.queries.routing import FIRST_CONNECTION
from kairan.store.queries.search import select

_AT_A_TIME = 5_000
Happened = Literal["opened", "reopened", "closed"]
# The keys that store.queries.routing gives cases: what a key needs and is not there, the vulnerability stands in for.
_KEYS: Mapping[str, str] = {
    "vulnerability": "'vulnerability:' || f.vulnerability_id",
    "asset": "'asset:' || f.asset_id",
    "fix": "'fix:' || f.package_id || '@' || (select s.fixed from sighting s where s.finding_id = f.id"
    " and s.fixed <> '' order by s.is_live desc, s.severity desc, s.fixed limit 1)",
    "control": "case when v.kind = 'misconfiguration' then 'control:' || f.vulnerability_id end",
    "vulnerability-team": "'vulnerability:' || f.vulnerability_id || '/team:' || w.team_id",
}
# `opener` is the place of the first rule that fits: a later one only adds whom to tell.
_STEPS = SQL(
    """
    select e.at, e.code, f.id, f.opener,
           coalesce(case f.opener {keys} end, 'vulnerability:' || f.vulnerability_id), coalesce(t.key, ''),
           b.id is not null
    from (select f.*, case {openers} else {last} end as opener from finding f where {fits}) f
    join event e on e.finding_id = f.id and e.code in ('opened', 'reopened', 'closed') and e.at <= {until}
    join vulnerability v on v.id = f.vulnerability_id
    left join owner w on w.finding = f.id
    left join team t on t.id = w.team_id
    left join (
        select r.id from run r
        join (select source_id, min(started_at) as at from run group by source_id) s on s.source_id = r.source_id
        where r.started_at < s.at + {first} and not exists (
            select from snapshot n join snapshot o on o.scope_id = n.scope_id where n.run_id = r.id and o.run_id < r.id)
    ) b on b.id = e.run_id
    order by e.at, e.id
    limit {most}
    """
)


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to a finding that fits. `case` is what it would be grouped under; `is_ours`: no earlier
    rule opens it; `is_baseline`: a source's first connection brought it."""

    at: datetime
    code: Happened
    finding: int
    case: Hashable
    team: str
    is_ours: bool
    is_baseline: bool


def steps(fits: Node, earlier: Sequence[tuple[Node, str]], group_by: str, until: datetime, most: int) -> Iterator[Step]:
    """What happened to the findings that fit, the oldest first, at most so much.

    `earlier` are the rules that stand before this one: what they ask, and what they group by. Findings are taken as
    they are today; but for their being open, which is what the steps are about.
    """
    asked = _query(fits, earlier, group_by, until, most)
    with transaction.atomic(), _server_cursor() as cursor:
        cursor.execute(asked)
        cursor.itersize = _AT_A_TIME
        for at, code, finding, opener, key, team, is_baseline in cursor:
            yield Step(at, code, finding, (opener, key), team, opener == len(earlier), is_baseline)


def _query(fits: Node, earlier: Sequence[tuple[Node, str]], group_by: str, until: datetime, most: int) -> Composed:
    openers: list[Composable] = [
        SQL("when {} then {}").format(_where(node), at) for at, (node, _) in enumerate(earlier)
    ]
    groups = [*(group for _, group in earlier), group_by]
    keys = [SQL("when {} then {}").format(at, SQL(_KEYS[group])) for at, group in enumerate(groups)]
    return _STEPS.format(
        keys=SQL(" ").join(keys),
        openers=SQL(" ").join(openers or [SQL("when false then 0")]),
        last=len(earlier),
        fits=_where(fits),
        until=until,
        first=FIRST_CONNECTION,
        most=most,
    )


def _where(node: Node) -> Composable:
    return SQL("coalesce({}, false)").format(select(as_if_open(node)).where)


def as_if_open(node: Node) -> Node:
    """The query as it is answered at the moment a finding opens: it is open, and has not closed."""
    match node:
        case And(nodes):
            return And(tuple(map(as_if_open, nodes)))
        case Or(nodes):
            return Or(tuple(map(as_if_open, nodes)))
        case Not(inner):
            return Not(as_if_open(inner))
        case Period("closed"):
            return Choice("exploit", frozenset())  # nothing fits
        case Choice("is", words) if "open" in words:
            return EVERYTHING
        case Choice("is", words) if words & {"closed", "fixed", "suppressed"}:
            return Choice("is", words - {"closed", "fixed", "suppressed"})
        case _:
            return node


def _server_cursor() -> "psycopg.ServerCursor[tuple[Any, ...]]":
    raw_cursor()  # the connection stands
    wrapped: psycopg.Connection[tuple[Any, ...]] = connection.connection
    return psycopg.ServerCursor(wrapped, "kairan_replayed")
