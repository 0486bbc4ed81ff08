"""What nobody owns: assets with open findings that no ownership rule fits, the worst first. Read from the roll-up."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.sql import SQL

from kairan.domain.severity import Severity
from kairan.store.queries.findings import fetch
from kairan.store.queries.tally import SEVERITIES, UNOWNED


@dataclass(frozen=True, slots=True)
class Asset:
    """An asset with what is open on it and nobody's."""

    id: int
    kind: str
    external_id: str
    name: str
    attributes: Mapping[str, Any]
    severity: Severity
    open: int
    critical: int
    high: int


@dataclass(frozen=True, slots=True)
class Page:
    """`findings` and `total` (of the assets) are all there are, not only the page's."""

    assets: Sequence[Asset]
    findings: int
    total: int


_ALL = " + ".join(SEVERITIES)
_WORST = " ".join(f"when {name} > 0 then {rank}" for rank, name in reversed(list(enumerate(SEVERITIES))))
_PAGE = SQL(
    f"""
    select a.id, a.kind, a.external_id, a.name, a.attributes::text, g.worst, g.n, g.critical, g.high,
        g.findings, g.total
    from (
        select key, case {_WORST} end as worst, {_ALL} as n, critical, high, sum({_ALL}) over () as findings,
            count(*) over () as total
        from ({UNOWNED}) u where {_ALL} > 0
        order by worst desc, critical desc, high desc, n desc, key limit {{size}} offset {{skip}}
    ) g join asset a on a.id = g.key order by g.worst desc, g.critical desc, g.high desc, g.n desc, a.id
    """
)
_ONE = SQL("select id, kind, external_id, name, attributes::text, 0, 0, 0, 0 from asset where id = {id}")


def page(*, size: int, skip: int = 0) -> Page:
    """Some of them, paged by number."""
    rows = fetch(_PAGE.format(size=size, skip=skip))
    findings, total = (int(rows[0][9]), int(rows[0][10])) if rows else (0, 0)
    return Page([_asset(row) for row in rows], findings, total)


def asset(number: int) -> Asset | None:
    """One asset, for the rule to be made of it; without counts."""
    rows = fetch(_ONE.format(id=number))
    return _asset(rows[0]) if rows else None


def _asset(row: Sequence[Any]) -> Asset:
    number, kind, external_id, name, attributes, worst, n, critical, high = row[:9]
    return Asset(number, kind, external_id, name, json.loads(attributes), Severity(worst), n, critical, high)
