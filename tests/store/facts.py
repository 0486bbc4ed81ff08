"""What a query may ask of each finding, read from the store on another way than the compiled SQL goes."""

from collections import defaultdict
from typing import Any

import psycopg

from kairan.domain.query import Facts
from kairan.domain.query.words import tokens
from kairan.domain.severity import Severity

Cursor = psycopg.Cursor[tuple[Any, ...]]


def facts(cursor: Cursor) -> dict[int, Facts]:
    """Facts by finding id."""
    ids = _lists(cursor, "SELECT vulnerability_id, value FROM identifier")
    texts = _lists(
        cursor,
        "SELECT i.vulnerability_id, a.title || ' ' || a.description FROM advisory a"
        " JOIN advisory_identifier l ON l.advisory_id = a.id JOIN identifier i ON i.id = l.identifier_id",
    )
    names = _lists(cursor, "SELECT asset_id, value FROM asset_name")
    owners = _lists(
        cursor,
        "SELECT finding, unnest(ARRAY[key, name]) FROM owner JOIN team ON team.id = team_id",
    )
    cursor.execute(
        "SELECT f.id, f.vulnerability_id, f.asset_id, f.is_open, f.close_reason, f.severity, f.first_seen, f.closed_at,"
        " f.location, f.traits, p.name, p.key, p.ecosystem, a.kind, a.external_id, a.name, a.attributes::text"
        " FROM finding f JOIN asset a ON a.id = f.asset_id LEFT JOIN package p ON p.id = f.package_id"
        " WHERE f.merged_into_id IS NULL"
    )
    return {row[0]: _facts(row, ids[row[1]], texts[row[1]], names[row[2]], owners[row[0]]) for row in cursor.fetchall()}


def _lists(cursor: Cursor, query: str) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    cursor.execute(query)
    for key, value in cursor.fetchall():
        found[key].append(value)
    return found


def _facts(row: tuple[Any, ...], ids: list[str], texts: list[str], names: list[str], owners: list[str]) -> Facts:
    import json

    _, _, _, is_open, reason, severity, first_seen, closed_at, location, traits, package, key, ecosystem = row[:13]
    kind, external_id, name, attributes = row[13], row[14], row[15], json.loads(row[16])
    told: dict[str, list[str]] = defaultdict(list)
    for trait in traits:
        head, _, value = trait.partition(":")
        told[head].append(value)
    called = [external_id, name, *names]
    states = ["open"] if is_open else ["closed"]
    states += ["fixed"] * (reason in {"absent", "reported_fixed"}) + ["suppressed"] * (reason == "suppressed")
    values = {
        "is": [*states, *told["kind"], *([] if owners else ["unowned"])],
        "team": owners,
        "severity": [Severity(severity).word],
        "fixed": ["yes" if "known" in told["fix"] else "no"],
        "id": ids,
        "cve": [value for value in ids if value.lower().startswith("cve-")],
        "package": [value for value in (package, key) if value],
        "ecosystem": [ecosystem] if ecosystem else [],
        "asset": called,
        "asset-kind": [kind],
        "repo": called if kind == "repository" else [],
        "image": called if kind == "image" else [],
        "source": told["source"],
        "scope": told["scope"],
        "path": [location],
    }
    for attribute in ("instance", "account", "region", "cluster", "namespace"):
        values[attribute] = [attributes[attribute]] if attribute in attributes else []
        values[attribute] += told[attribute]
    searched = [*ids, *texts, *([package] if package else []), *names]
    instants = {"first-seen": first_seen, "closed": closed_at}
    return Facts(values, instants, [tokens(text) for text in searched])
