"""What the list and the page of assets say, worked out from what is known."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kairan.domain.severity import Severity
from kairan.store.queries import asset_fixes, asset_page
from kairan.store.queries.asset_list import Asset
from kairan.store.queries.findings import Row
from kairan.web import links, words
from kairan.web.assets import history

PAGE_SIZE = 25
_MOST_FIXES = 10
_OWN_COLUMN = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)


@dataclass(frozen=True, slots=True)
class Line:
    """An asset in the list: its open findings by severity in columns, `rest` are those without one."""

    asset: Asset
    columns: Sequence[tuple[Severity, int]]
    rest: int


@dataclass(frozen=True, slots=True)
class Count:
    """Findings of one severity on the asset, with the list of them."""

    severity: Severity
    open: int
    closed: int
    link: str


@dataclass(frozen=True, slots=True)
class Fix:
    """An upgrade, with the list of all open findings of its package here."""

    fix: asset_fixes.Fix
    link: str


@dataclass(frozen=True, slots=True)
class Sheet:
    facts: Sequence[tuple[str, str]]
    places: Sequence[tuple[str, Sequence[str]]]
    counts: Sequence[Count]
    open_link: str
    closed_link: str
    findings: Sequence[Row]
    fixes: asset_fixes.Fixes
    best: Sequence[Fix]
    runs: Sequence[asset_page.Spoke]
    chart: history.Chart


def line(asset: Asset) -> Line:
    numbers = dict(asset.open)
    rest = sum(number for severity, number in asset.open if severity not in _OWN_COLUMN)
    return Line(asset, [(severity, numbers.get(severity, 0)) for severity in _OWN_COLUMN], rest)


def of(asset: asset_page.Known, now: datetime, zone: str) -> Sheet:
    here = {"asset_kind": asset.kind, "asset": asset.external_id}
    fixes = asset_fixes.best(asset.id, most=_MOST_FIXES)
    return Sheet(
        facts=list(_facts(asset)),
        places=[
            (words.word(words.PLACE, key), values)
            for key, values in (("namespace", asset.namespaces), ("cluster", asset.clusters))
            if values
        ],
        counts=[
            Count(
                each.severity, each.open, each.closed, links.findings(links.OPEN, severity=each.severity.word, **here)
            )
            for each in asset.counts
        ],
        open_link=links.findings(links.OPEN, **here),
        closed_link=links.findings("is:closed", **here),
        findings=asset_page.open_findings(asset.id, size=PAGE_SIZE).rows,
        fixes=fixes,
        best=[
            Fix(
                fix, links.findings(links.OPEN, package=fix.package, ecosystem=fix.ecosystem, path=fix.location, **here)
            )
            for fix in fixes.best
        ],
        runs=asset_page.runs(asset.looks),
        chart=history.chart(asset_page.weeks(asset.id, now, zone)),
    )


def _facts(asset: asset_page.Known) -> Iterator[tuple[str, str]]:
    """Attributes as labelled facts; what says nothing is left out."""
    for key, value in sorted(asset.attributes.items()):
        text = _readable(value)
        if text:
            yield words.word(words.PLACE, key), text


def _readable(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}={each}" for key, each in sorted(value.items()))
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
