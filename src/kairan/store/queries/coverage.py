"""What nobody looks at, as far as the store can tell: what was named and never seen, seen and never named, seen long
ago, seen and nobody's. Each answer holds at most MOST rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.sql import SQL

from kairan.store.queries.findings import fetch, read

MOST = 100
_LOOKED_AT = 5_000  # findings without an owner that are gathered by asset
_LAST_READINGS = 12  # of which a rhythm is told
_FEWEST = 4


@dataclass(frozen=True, slots=True)
class Overdue:
    """Read `every` so often as a rule, and not since `last`. `kind` and `title` are a scope's, "" of a source."""

    source: str
    kind: str
    title: str
    last: datetime
    every: timedelta


@dataclass(frozen=True, slots=True)
class Unowned:
    """An asset with open findings that are nobody's."""

    id: int
    kind: str
    name: str
    findings: int


@dataclass(frozen=True, slots=True)
class Seen:
    """An asset, or a name that assets bear (a cluster's), and when it was first seen."""

    id: int | None
    kind: str
    name: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class TeamGap:
    """A team of the store without members."""

    key: str
    name: str


# The last readings of each scope or source; the gap in the middle is its rhythm.
_RHYTHM = """
    select {select}, x.last, x.every
    from {of}
    cross join lateral (
        select max(at) as last, percentile_cont(0.5) within group (order by gap) as every, count(gap) as gaps
        from (select at, at - lag(at) over (order by at) as gap
              from (select distinct at from (select {at} as at from {readings} order by 1 desc limit {most}) n) n) n
        where gap is null or gap > interval '1 minute'
    ) x
    where x.gaps >= {fewest} and x.every > interval '10 minutes'
      and x.last < {now} - greatest(3 * x.every, interval '2 days')
    order by x.last
    limit {limit}
"""
_SCOPES = {
    "select": "o.name, c.kind, c.title",
    "of": "scope c join source o on o.id = c.source_id",
    "at": "n.as_of",
    "readings": "snapshot n where n.scope_id = c.id",
}
_SOURCES = {
    "select": "o.name, '', ''",
    "of": "source o",
    "at": "date_trunc('minute', n.started_at)",
    "readings": "run n where n.source_id = o.id and n.error = ''",
}
_NAMED = {
    "repository": "exists (select from asset a where a.kind = 'repository' and ({names}))",
    "image": "exists (select from asset a where a.kind = 'image' and ({names}))",
    "account": "exists (select from asset a where lower(a.attributes->>'account') like {like})",
    "cluster": "exists (select from trait where lower(value) like 'cluster:' || {like})",
    "namespace": "exists (select from trait where lower(value) like 'namespace:' || {like})",
}
_NAMES = (
    "lower(a.name) like {like} or lower(a.external_id) like {like} or lower(a.external_id) like '%%/' || {like}"
    " or exists (select from asset_name n where n.asset_id = a.id and lower(n.value) like {like})"
)
_UNLISTED = SQL(
    """
    select a.id, a.kind, a.name, a.created_at from asset a
    where a.kind = 'repository' and not exists (
        select from unnest({likes}::text[]) l (pattern)
        where lower(a.name) like l.pattern or lower(a.external_id) like l.pattern
           or lower(a.external_id) like '%%/' || l.pattern
           or exists (select from asset_name n where n.asset_id = a.id and lower(n.value) like l.pattern))
    order by lower(a.name), a.id limit {most}
    """
)
_UNOWNED = SQL(
    """
    select a.id, a.kind, a.name, x.findings
    from (select asset_id, count(*) as findings
          from (select f.asset_id from finding f
                where f.is_open and f.merged_into_id is null and not exists (select from owner o where o.finding = f.id)
                limit {looked_at}) f
          group by asset_id order by 2 desc, 1 limit {most}) x
    join asset a on a.id = x.asset_id
    order by x.findings desc, a.id
    """
)
_UNSCANNED_CLUSTERS = SQL(
    """
    select null, 'cluster', substr(split_part(c.key, '/', 1), 9), min(c.watermark)
    from scope c where c.key like 'cluster:%%'
    group by split_part(c.key, '/', 1)
    having not bool_or(c.kind = 'vulnerability')
    order by 3 limit {most}
    """
)
_UNSCANNED_IMAGES = SQL(
    """
    select a.id, a.kind, a.name, a.created_at from asset a
    where a.kind = 'image'
      and not exists (select from scope c where c.kind = 'vulnerability'
                      and (c.key = 'image:' || a.external_id or c.key like '%%/image:' || a.external_id))
      and not exists (select from finding f where f.asset_id = a.id and f.traits && '{{kind:vulnerability}}')
    order by a.id desc limit {most}
    """
)
_NO_MEMBERS = SQL(
    "select t.key, t.name from team t where not exists (select from team_member m where m.team_id = t.id)"
    " order by t.key limit {most}"
)


def overdue_scopes(now: datetime) -> list[Overdue]:
    """Scopes that were read in a rhythm and are so no longer, the longest silent first."""
    return [read(Overdue, row) for row in fetch(_rhythm(_SCOPES, now))]


def silent_sources(now: datetime) -> list[Overdue]:
    """The same of sources: nothing at all came from them."""
    return [read(Overdue, row) for row in fetch(_rhythm(_SOURCES, now))]


def _rhythm(of: Mapping[str, str], now: datetime) -> SQL:
    told = SQL(
        _RHYTHM.replace("{select}", of["select"])
        .replace("{of}", of["of"])
        .replace("{at}", of["at"])
        .replace("{readings}", of["readings"])
    )
    return told.format(most=_LAST_READINGS, fewest=_FEWEST, now=now, limit=MOST)  # type: ignore[return-value]


def never_seen(kind: str, texts: Sequence[str]) -> list[str]:
    """Which of these texts (`*` any signs) no source ever named as a thing of this kind."""
    if not texts:
        return []
    asked = SQL(_NAMED[kind].replace("{names}", _NAMES)).format(like=SQL("l.pattern"))
    found = fetch(
        SQL("select l.text from unnest({texts}::text[], {likes}::text[]) l (text, pattern) where not {seen}").format(
            texts=list(texts), likes=[like(text) for text in texts], seen=asked
        )
    )
    return [text for (text,) in found]


def unlisted_repositories(texts: Sequence[str]) -> list[Seen]:
    """Repositories that sources report and that none of these texts means."""
    return [read(Seen, row) for row in fetch(_UNLISTED.format(likes=[like(text) for text in texts], most=MOST))]


def unowned_assets() -> list[Unowned]:
    """Assets with open findings that are nobody's, those with the most first."""
    return [read(Unowned, row) for row in fetch(_UNOWNED.format(looked_at=_LOOKED_AT, most=MOST))]


def unscanned() -> list[Seen]:
    """Clusters of whose images none was scanned, and images that nobody looked into for vulnerabilities."""
    rows = [*fetch(_UNSCANNED_CLUSTERS.format(most=MOST)), *fetch(_UNSCANNED_IMAGES.format(most=MOST))]
    return [read(Seen, row) for row in rows]


def teams_without_members() -> list[TeamGap]:
    return [read(TeamGap, row) for row in fetch(_NO_MEMBERS.format(most=MOST))]


def like(text: str) -> str:
    """LIKE's pattern in lower case: `*` is any signs, the rest stands for itself."""
    for sign in "\\%_":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("*", "%").lower()
