"""Use case: whose a finding is. The first ownership rule of the configuration that fits it says so.

Rules are numbered as they stand, from 1. What a rule asks has to fit altogether; a list is one of these; `*` is any
text, and case does not matter.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg.sql import SQL, Composable

from kairan.domain import codeowners
from kairan.domain.config import Config, Ownership
from kairan.domain.query import And, Node, Pattern, parse
from kairan.store.queries import config_versions, search
from kairan.store.queries import owners as rows

Cursor = psycopg.Cursor[tuple[Any, ...]]
_DEEP = {"namespace", "cluster"}  # what sightings say too, not only the asset itself
_QUERY_KEYS = {
    "repository": "repo",
    "account": "account",
    "namespace": "namespace",
    "cluster": "cluster",
    "image": "image",
}


def assign(cursor: Cursor, findings: Sequence[int] | None, config: Config, now: datetime) -> list[int]:
    """Write whose these findings are (None: all), in the caller's transaction. Returns those whose owner changed.

    CODEOWNERS files are read from the version in force, where they were kept with it.
    """
    if findings is not None and not findings:
        return []
    numbered = list(enumerate(config.ownership, 1))
    rows.begin(cursor, findings, [_rule(number, each) for number, each in numbered])
    by_facts = [(number, each) for number, each in numbered if _is_facts(each)]
    if by_facts:
        rows.by_facts(cursor, (each for number, entry in by_facts for each in _conditions(number, entry)))
    files = _files(cursor, config)
    for number, entry in numbered:
        if entry.codeowners:
            _by_path(cursor, number, entry, files.get(entry.codeowners, ""))
        elif not _is_facts(entry):
            rows.by_query(cursor, number, _where(entry, now, config))
    return rows.settle(cursor, findings)


def facts(entry: Ownership) -> dict[str, Any]:
    """What a rule asks, as pages show it: its keys with what they were given."""
    names = (*_QUERY_KEYS, "resource_group")
    found: dict[str, Any] = {"query": entry.query} if entry.query else {}
    found |= {name: list(values) for name in names if (values := getattr(entry, name))}
    found |= {f"tag:{key}": [value] for key, value in entry.tag.items()}
    return found | ({"codeowners": entry.codeowners, "owners": entry.owners} if entry.codeowners else {})


def _is_facts(entry: Ownership) -> bool:
    """Does it ask for facts alone? Then it is answered together with all the others that do."""
    return bool(facts(entry)) and not entry.query and not entry.codeowners


def _rule(number: int, entry: Ownership) -> tuple[int, str, int, bool]:
    asked = facts(entry)
    return number, entry.team, len(asked), bool(_DEEP & asked.keys())


def _conditions(number: int, entry: Ownership) -> Iterator[rows.Condition]:
    for key, values in facts(entry).items():
        for value in values:
            wild = "*" in value
            yield number, key.lower(), search.like_of(value) if wild or key in _DEEP else value.lower(), wild


def _where(entry: Ownership, now: datetime, config: Config) -> Composable:
    """A query and facts, or nothing at all, as a condition on findings."""
    zone = ZoneInfo(config.time_zone) if config.time_zone else UTC
    nodes: list[Node] = [parse(entry.query, now, zone)]
    nodes += [Pattern(key, values) for name, key in _QUERY_KEYS.items() if (values := getattr(entry, name))]
    attributes: dict[str, Sequence[str]] = {f"tag:{key}": (value,) for key, value in entry.tag.items()}
    if entry.resource_group:
        attributes["resource_group"] = entry.resource_group
    parts = [search.select(And(tuple(nodes))).where]
    parts += [search.attribute(name, values) for name, values in attributes.items()]
    return SQL(" and ").join(parts)


def _by_path(cursor: Cursor, number: int, entry: Ownership, text: str) -> None:
    """Which team a CODEOWNERS file names for each path at which something was found."""
    lines = codeowners.parse(text)
    [name] = entry.repository
    found: dict[tuple[int, str], str] = {}
    for asset, location in rows.paths_of(cursor, [name.lower()]):
        named = codeowners.owners(lines, location)
        team = next((entry.owners[each] for each in named if each in entry.owners), None)
        if team:
            found[asset, location] = team
    rows.by_path(cursor, number, found)


def _files(cursor: Cursor, config: Config) -> Mapping[str, str]:
    return config_versions.files(cursor) if any(each.codeowners for each in config.ownership) else {}
