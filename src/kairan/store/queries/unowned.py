"""What nobody owns: assets with open findings that no ownership rule fits, the worst first."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.sql import SQL

from kairan.domain.severity import Severity
from kairan.store.queries.findings import fetch

MOST = 20_000  # findings that are looked at, the worst first


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
    """`findings` were looked at; `bounded`: there are more, on these assets or on others."""

    assets: Sequence[Asset]
    findings: int
    total: int
    bounded: bool


_WORST = """
    select f.asset_id, f.severity from finding f where f.is_open and f.merged_into_id is null
        and not exists (select from owner o where o.finding = f.id)
    order by f.severity desc, f.first_seen desc, f.id desc limit {most}
"""
_PAGE = SQL(
    f"""
    with u as materialized ({_WORST}),
    g as (select asset_id, max(severity) as worst, count(*) as n, count(*) filter (where severity = 5) as c,
        count(*) filter (where severity = 4) as h from u group by 1)
    select a.id, a.kind, a.external_id, a.name, a.attributes::text, g.worst, g.n, g.c, g.h,
        (select count(*) from u), (select count(*) from g)
    from g join asset a on a.id = g.asset_id order by g.worst desc, g.c desc, g.h desc, g.n desc, a.id
    limit {{size}} offset {{skip}}
    """
)
_ONE = SQL("select id, kind, external_id, name, attributes::text, 0, 0, 0, 0 from asset where id = {id}")


def page(*, size: int, skip: int = 0) -> Page:
    """Some of them. Paged by number: all lie within the first MOST findings."""
    rows = fetch(_PAGE.format(most=MOST + 1, size=size, skip=skip))
    findings, total = (int(rows[0][9]), int(rows[0][10])) if rows else (0, 0)
    return Page([_asset(row) for row in rows], min(findings, MOST), total, findings > MOST)


def asset(number: int) -> Asset | None:
    """One asset, for the rule to be made of it; without counts."""
    rows = fetch(_ONE.format(id=number))
    return _asset(rows[0]) if rows else None


def _asset(row: Sequence[Any]) -> Asset:
    number, kind, external_id, name, attributes, worst, n, critical, high = row[:9]
    return Asset(number, kind, external_id, name, json.loads(attributes), Severity(worst), n, critical, high)
