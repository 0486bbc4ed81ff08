"""Whose findings are: ownership rules answered in a few statements, however many rules and findings there are.

All rules that ask for facts of assets (and of the namespaces and clusters that sightings name) are answered at once:
their conditions are rows, joined with the facts. Queries and CODEOWNERS files come one after the other, each only for
findings that no earlier rule took.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg
from psycopg.sql import SQL, Composable

Cursor = psycopg.Cursor[tuple[Any, ...]]
Condition = tuple[int, str, str, bool]  # rule, key, value as LIKE's pattern in lower case, has it wildcards

_WANTED = """
    CREATE TEMP TABLE ow_wanted ON COMMIT DROP AS
    SELECT f.id AS finding, f.asset_id AS asset, f.is_open, f.severity FROM finding f
    WHERE f.merged_into_id IS NULL {only}
"""
_ONLY = "AND f.id = ANY(%(findings)s::bigint[])"
_NEW = """
    CREATE TEMP TABLE ow_condition (rule int, key text, value text, wild bool) ON COMMIT DROP;
    CREATE TEMP TABLE ow_fit (finding bigint, rule int, team bigint) ON COMMIT DROP;
"""
# What assets say of themselves, each fact once.
_FACTS = """
    CREATE TEMP TABLE ow_fact ON COMMIT DROP AS
    WITH those AS (SELECT a.* FROM asset a WHERE a.id IN (SELECT asset FROM ow_wanted)),
    named AS (
        SELECT id AS asset, kind AS key, lower(external_id) AS value FROM those WHERE kind IN ('repository', 'image')
        UNION SELECT id, kind, lower(name) FROM those WHERE kind IN ('repository', 'image')
        UNION SELECT t.id, t.kind, lower(n.value) FROM those t JOIN asset_name n ON n.asset_id = t.id
              WHERE t.kind IN ('repository', 'image')
    ),
    told AS (
        SELECT t.id, lower(e.key), lower(e.value) FROM those t, jsonb_each_text(t.attributes) e
        WHERE e.key IN ('account', 'namespace', 'cluster', 'resource_group') OR starts_with(e.key, 'tag:')
    )
    SELECT * FROM named UNION SELECT * FROM told
"""
_HITS = """
    CREATE TEMP TABLE ow_asset_hit ON COMMIT DROP AS
    SELECT c.rule, c.key, f.asset FROM ow_condition c JOIN ow_fact f ON f.key = c.key AND f.value = c.value
        WHERE NOT c.wild
    UNION
    SELECT c.rule, c.key, f.asset FROM ow_condition c JOIN ow_fact f ON f.key = c.key AND f.value LIKE c.value
        WHERE c.wild
"""
_TRAIT_HITS = """
    CREATE TEMP TABLE ow_trait_hit ON COMMIT DROP AS
    SELECT DISTINCT c.rule, c.key, t.value AS trait FROM ow_condition c JOIN trait t
        ON t.value LIKE c.key || ':%%' AND lower(t.value) LIKE c.key || ':' || c.value
    WHERE c.key IN ('namespace', 'cluster')
"""
# Rules that ask nothing of what sightings say fit whole assets; of these only the first counts.
_FIT_ASSETS = """
    INSERT INTO ow_fit (finding, rule)
    SELECT w.finding, best.rule FROM ow_wanted w JOIN (
        SELECT asset, min(rule) AS rule FROM (
            SELECT h.asset, h.rule FROM ow_asset_hit h JOIN ow_rule r USING (rule) WHERE NOT r.deep
            GROUP BY h.asset, h.rule, r.keys HAVING count(DISTINCT h.key) = r.keys
        ) fitting GROUP BY asset
    ) best USING (asset)
"""
_FIT_DEEP = """
    INSERT INTO ow_fit (finding, rule)
    SELECT finding, min(rule) FROM (
        SELECT h.finding, h.rule FROM (
            SELECT w.finding, h.rule, h.key FROM ow_wanted w JOIN ow_asset_hit h USING (asset)
                JOIN ow_rule r USING (rule) WHERE r.deep
            UNION
            SELECT w.finding, h.rule, h.key FROM ow_wanted w JOIN finding f ON f.id = w.finding
                CROSS JOIN unnest(f.traits) t (trait) JOIN ow_trait_hit h USING (trait)
        ) h JOIN ow_rule r USING (rule)
        GROUP BY h.finding, h.rule, r.keys HAVING count(DISTINCT h.key) = r.keys
    ) fitting GROUP BY finding
"""
_SETTLE = """
    CREATE TEMP TABLE ow_best ON COMMIT DROP AS
    SELECT DISTINCT ON (finding) finding, rule, coalesce(fit.team, t.id) AS team, w.asset, w.is_open, w.severity
    FROM ow_fit fit JOIN ow_rule USING (rule) JOIN ow_wanted w USING (finding)
    LEFT JOIN team t ON t.key = ow_rule.team
    ORDER BY finding, rule
"""
_CHANGED = """
    WITH gone AS (
        DELETE FROM owner o WHERE NOT EXISTS (SELECT FROM ow_best b WHERE b.finding = o.finding) AND {these}
        RETURNING o.finding
    ), written AS (
        INSERT INTO owner AS o (finding, team_id, rule, asset, is_open, severity)
        SELECT n.finding, n.team, n.rule, n.asset, n.is_open, n.severity FROM ow_best n
        LEFT JOIN ow_before b USING (finding)
        WHERE (n.team, n.rule, n.asset, n.is_open, n.severity)
            IS DISTINCT FROM (b.team_id, b.rule, b.asset, b.is_open, b.severity)  -- the others are not even locked
        ON CONFLICT (finding) DO UPDATE SET team_id = excluded.team_id, rule = excluded.rule, asset = excluded.asset,
            is_open = excluded.is_open, severity = excluded.severity
        RETURNING o.finding
    )
    SELECT finding FROM gone UNION ALL SELECT finding FROM written w WHERE NOT EXISTS (
        SELECT FROM ow_before b JOIN ow_best n USING (finding) WHERE b.finding = w.finding AND b.team_id = n.team)
"""
_LOCK = 0x6F77_6E65  # one at a time: two that write the same owners in another order would wait for each other
_TABLES = ["wanted", "condition", "fit", "fact", "asset_hit", "trait_hit", "rule", "best", "before"]


def begin(cursor: Cursor, findings: Sequence[int] | None, rules: Sequence[tuple[int, str, int, bool]]) -> None:
    """Note which findings are asked for (None: all), and the rules: number, team's key, number of keys, is it deep."""
    drop(cursor)
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    only = _ONLY if findings is not None else ""
    cursor.execute(_WANTED.format(only=only), {"findings": list(findings or ())})
    cursor.execute(_NEW)
    cursor.execute("CREATE TEMP TABLE ow_rule (rule int, team text, keys int, deep bool) ON COMMIT DROP")
    with cursor.copy("COPY ow_rule FROM STDIN") as copy:
        for row in rules:
            copy.write_row(row)
    cursor.execute("CREATE INDEX ON ow_wanted (asset)")
    cursor.execute("ANALYZE ow_wanted")


def by_facts(cursor: Cursor, conditions: Iterator[Condition]) -> None:
    """Answer all rules that ask for facts."""
    with cursor.copy("COPY ow_condition FROM STDIN") as copy:
        for row in conditions:
            copy.write_row(row)
    for statement in (_FACTS, _HITS, _TRAIT_HITS):
        cursor.execute(statement, {})  # `%%` is undone by the parameters
    cursor.execute("ANALYZE ow_condition, ow_fact, ow_asset_hit, ow_trait_hit")
    cursor.execute(_FIT_ASSETS)
    cursor.execute(_FIT_DEEP)


def by_query(cursor: Cursor, rule: int, where: Composable) -> None:
    """Answer a rule that is a query, for those that no earlier one took; with facts besides, of those that fit them."""
    cursor.execute(
        SQL(
            "INSERT INTO ow_fit (finding, rule) SELECT f.id, {rule}::int FROM ow_wanted w JOIN finding f"
            " ON f.id = w.finding WHERE NOT EXISTS (SELECT FROM ow_fit t WHERE t.finding = w.finding"
            " AND t.rule < {rule}) AND {where}"
        ).format(rule=rule, where=where)
    )


def paths_of(cursor: Cursor, names: Sequence[str]) -> list[tuple[int, str]]:
    """Assets and locations of the findings asked for, in repositories of these names."""
    cursor.execute(
        "SELECT DISTINCT f.asset_id, f.location FROM ow_wanted w JOIN finding f ON f.id = w.finding"
        " JOIN asset a ON a.id = f.asset_id WHERE a.kind = 'repository' AND f.location <> '' AND (lower(a.name) ="
        " ANY(%(names)s) OR a.external_id = ANY(%(names)s) OR EXISTS (SELECT FROM asset_name n WHERE n.asset_id = a.id"
        " AND lower(n.value) = ANY(%(names)s)))",
        {"names": list(names)},
    )
    return [(int(asset), str(location)) for asset, location in cursor.fetchall()]


def by_path(cursor: Cursor, rule: int, teams: Mapping[tuple[int, str], str]) -> None:
    """Findings of an asset at a location belong to a team."""
    rows = [(asset, location, team) for (asset, location), team in teams.items()]
    assets, locations, keys = zip(*rows, strict=True) if rows else ((), (), ())
    cursor.execute(
        "INSERT INTO ow_fit (finding, rule, team) SELECT f.id, %s, t.id"
        " FROM unnest(%s::bigint[], %s::text[], %s::text[]) p (asset, location, key)"
        " JOIN ow_wanted w ON w.asset = p.asset JOIN finding f ON f.id = w.finding AND f.location = p.location"
        " JOIN team t ON t.key = p.key",
        (rule, list(assets), list(locations), list(keys)),
    )


def settle(cursor: Cursor, findings: Sequence[int] | None) -> list[int]:
    """Write the owners; the findings whose team is another now, or none."""
    cursor.execute("ANALYZE ow_fit")
    cursor.execute(_SETTLE)
    cursor.execute("DELETE FROM ow_best WHERE team IS NULL")
    cursor.execute("CREATE UNIQUE INDEX ON ow_best (finding)")
    cursor.execute("ANALYZE ow_best")
    these = "true" if findings is None else "o.finding = ANY(%(findings)s::bigint[])"
    asked = {"findings": list(findings or ())}
    cursor.execute(f"CREATE TEMP TABLE ow_before ON COMMIT DROP AS SELECT * FROM owner o WHERE {these}", asked)
    cursor.execute("ANALYZE ow_before")
    cursor.execute(_CHANGED.format(these=these), asked)
    changed = [int(row[0]) for row in cursor.fetchall()]
    drop(cursor)
    return changed


def drop(cursor: Cursor) -> None:
    """One transaction may ask several times."""
    cursor.execute(f"DROP TABLE IF EXISTS {', '.join(f'ow_{name}' for name in _TABLES)}")
