"""What may stand behind a key of the query language: values that are there, those that begin as typed first.

Each question reads one small table around the findings and stops at a handful of answers.
"""

from collections.abc import Mapping

from psycopg.sql import SQL

from kairan.store.queries.findings import fetch

_SHORTEST_ID = 3


def _distinct(value: str, table: str) -> str:
    return f"select distinct {value} as value from {table}"


def _asset(kind: str) -> str:
    return f"select name as value from asset where kind = '{kind}'"


def _trait(key: str) -> str:
    return f"select substr(value, {len(key) + 2}) as value from trait where starts_with(value, '{key}:')"


def _attribute(name: str) -> str:
    return _distinct(f"attributes ->> '{name}'", f"asset where attributes ? '{name}'")


# Every kind of asset is met by a jump in the index of (kind, external_id).
_KINDS = """
    with recursive k (value) as (
        (select kind from asset order by kind limit 1)
        union all select (select kind from asset a where a.kind > k.value order by kind limit 1) from k
        where k.value is not null
    ) select value from k
"""
_VALUES: Mapping[str, str] = {
    "package": "select name as value from package",
    "ecosystem": _distinct("ecosystem", "package"),
    "asset": "select value from asset_name",
    "asset-kind": _KINDS,
    "repo": _asset("repository"),
    "image": _asset("image"),
    "instance": _attribute("instance"),
    "account": _attribute("account"),
    "region": _attribute("region"),
    "cluster": f"{_trait('cluster')} union {_attribute('cluster')}",
    "namespace": f"{_trait('namespace')} union {_attribute('namespace')}",
    "source": _trait("source"),
    "scope": _trait("scope"),
    "team": "select key as value from team",
    "path": "select distinct value from finding_tally where about = 'path'",
}
# The value itself, then those that begin with it: they are found however many others hold it somewhere.
_FOUND = SQL(
    """
    with v as ({values}), found as (
        (select value from v where lower(value) = {exact} limit 1)
        union (select value from v where lower(value) like {ahead} limit {enough})
        union (select value from v where lower(value) like {inside} limit {enough})
    )
    select value from found order by lower(value) like {ahead} desc, length(value), value limit {most}
    """
)
_IDS = SQL("select value from identifier where lower(value) like {ahead} limit {most}")
_ENOUGH = 500


def values(key: str, part: str, *, most: int = 10) -> list[str]:
    """Values of a key that hold this part, in any case. Ids by their beginning only: there are many."""
    part = part.lower()
    if key in ("id", "cve"):
        return _ids(key, part, most)
    if key not in _VALUES:
        return []
    like = _literal(part)
    query = _FOUND.format(
        values=SQL(_VALUES[key]), exact=part, inside=f"%{like}%", ahead=f"{like}%", enough=_ENOUGH, most=most
    )
    return [str(value) for (value,) in fetch(query)]


def _ids(key: str, part: str, most: int) -> list[str]:
    if key == "cve" and not part.startswith("cve-"):
        if not part[:1].isdigit():
            return []
        part = f"cve-{part}"
    if len(part) < _SHORTEST_ID:
        return []
    return [str(value) for (value,) in fetch(_IDS.format(ahead=f"{_literal(part)}%", most=most))]


def _literal(part: str) -> str:
    r"""A part of a word as LIKE's pattern: `%` and `_` stand for themselves."""
    return part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
