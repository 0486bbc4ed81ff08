"""Which upgrades close most of an asset's open findings.

Findings are grouped by what an upgrade touches: a package, in a repository also the manifest that names it. Within a
group every fixed version that some source names is a candidate; taken is the one that closes most
(kairan.domain.versions.closes), of those the oldest, so nobody is sent further than needed. At most `MOST` of the
asset's worst findings are looked at.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.sql import SQL

from kairan.domain.severity import Severity
from kairan.domain.versions import alternatives, closes, is_newer, rank
from kairan.store.queries.findings import fetch, read

_Worth = tuple[int, ...]
MOST = 1_000
_MOST_CANDIDATES = 40


@dataclass(frozen=True, slots=True)
class _Open:
    package_id: int
    package: str
    ecosystem: str
    location: str
    severity: Severity
    installed: str
    fixed: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Upgrading `package` to `version` closes `closed` findings, so many `by_severity` (worst first)."""

    package: str
    ecosystem: str
    location: str
    installed: Sequence[str]
    version: str
    closed: int
    by_severity: Sequence[tuple[Severity, int]]


@dataclass(frozen=True, slots=True)
class Fixes:
    """The best first. `bounded`: there are more open findings with a fix than were looked at."""

    best: Sequence[Fix]
    groups: int
    looked_at: int
    bounded: bool


_OPEN = SQL(
    """
    select p.id, p.name, p.ecosystem, f.location, f.severity, s.installed, s.fixed
    from (
        select * from (
            select id, package_id, location, severity, traits from finding
            where asset_id = {asset} and is_open and merged_into_id is null and package_id is not null
            offset 0  -- by the asset's index alone: those of severity and traits lead to everybody's findings
        ) f where traits @> '{{fix:known}}' order by severity desc, id limit {most}
    ) f
    join package p on p.id = f.package_id
    cross join lateral (
        select installed, fixed from sighting where finding_id = f.id and is_live and fixed <> ''
        order by severity desc, id limit 1
    ) s
    """
)


def best(asset: int, *, most: int) -> Fixes:
    found = [read(_Open, row) for row in fetch(_OPEN.format(asset=asset, most=MOST + 1))]
    groups: Mapping[tuple[int, str], list[_Open]] = defaultdict(list)
    for each in found[:MOST]:
        groups[(each.package_id, each.location)].append(each)
    return Fixes(_best_of(list(groups.values()), most), len(groups), min(len(found), MOST), len(found) > MOST)


def _best_of(groups: Sequence[Sequence[_Open]], most: int) -> list[Fix]:
    """No upgrade closes more than its whole group: groups that cannot be among the best are not worked out."""
    promising = sorted(groups, key=lambda group: _worth(Counter(each.severity for each in group)), reverse=True)
    fixes: list[tuple[_Worth, Fix]] = []
    for group in promising:
        if len(fixes) >= most and fixes[most - 1][0] >= _worth(Counter(each.severity for each in group)):
            break
        fix = _fix(group)
        fixes.append((_worth(dict(fix.by_severity)), fix))
        fixes.sort(key=lambda each: (*(-number for number in each[0]), each[1].package, each[1].location))
    return [fix for _, fix in fixes[:most]]


def _worth(numbers: Mapping[Severity, int]) -> _Worth:
    """Closing one critical is worth more than any number of lesser ones, so on downwards."""
    return tuple(numbers.get(severity, 0) for severity in sorted(Severity, reverse=True))


def _fix(group: Sequence[_Open]) -> Fix:
    first = group[0]
    fixed = Counter((each.installed, alternatives(each.fixed)) for each in group)
    version = _target(first.ecosystem, fixed)
    gone = [each for each in group if closes(first.ecosystem, version, alternatives(each.fixed))]
    severities = Counter(each.severity for each in gone)
    return Fix(
        package=first.package,
        ecosystem=first.ecosystem,
        location=first.location,
        installed=sorted({each.installed for each in gone if each.installed}),
        version=version,
        closed=len(gone),
        by_severity=sorted(severities.items(), reverse=True),
    )


def _target(ecosystem: str, fixed: Mapping[tuple[str, tuple[str, ...]], int]) -> str:
    """The version that closes most; of several the oldest, as far as their order is known."""
    candidates = Counter[str]()
    for (installed, versions), number in fixed.items():
        newer = [version for version in versions if is_newer(ecosystem, version, installed)] or versions
        candidates.update(dict.fromkeys(newer, number))

    def closed(version: str) -> int:
        return sum(number for (_, versions), number in fixed.items() if closes(ecosystem, version, versions))

    likely = [version for version, _ in candidates.most_common(_MOST_CANDIDATES)]
    counted = {version: closed(version) for version in [*likely, *_ordered(ecosystem, candidates)[-1:]]}
    most = max(counted.values())
    tied = [version for version, number in counted.items() if number == most]
    return next(iter([*_ordered(ecosystem, tied), *tied]))


def _ordered(ecosystem: str, versions: Iterable[str]) -> list[str]:
    """Those whose order is known, the oldest first."""
    ranked: list[tuple[Any, str]] = [(rank(ecosystem, version), version) for version in versions]
    return [version for _, version in sorted(each for each in ranked if each[0] is not None)]
