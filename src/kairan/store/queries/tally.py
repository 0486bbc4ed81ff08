"""The roll-up that facets of the most looked-at lists are read from. Triggers on `finding` and `owner` append to it."""

from typing import Any

import psycopg

Cursor = psycopg.Cursor[tuple[Any, ...]]

SEVERITIES = ("unknown", "none", "low", "medium", "high", "critical")  # by the number of domain.severity
_COLUMNS = f"about, key, value, is_open, {', '.join(SEVERITIES)}"
_SUMS = ", ".join(f"sum({name})::int AS {name}" for name in SEVERITIES)
_COUNTS = ", ".join(f"count(*) FILTER (WHERE severity = {rank})::int" for rank in range(len(SEVERITIES)))

# What the roll-up has to say, counted from the findings and owners themselves.
TRUTH = f"""
    SELECT about, key, value, is_open, {_COUNTS} FROM finding f CROSS JOIN LATERAL (
        SELECT 'asset' AS about, f.asset_id AS key, '' AS value
        UNION ALL SELECT 'package', f.package_id, '' WHERE f.package_id IS NOT NULL
        UNION ALL SELECT 'path', 0, f.location WHERE f.location <> ''
        UNION ALL SELECT split_part(t, ':', 1), CASE WHEN t LIKE 'namespace:%' THEN f.asset_id ELSE 0 END,
            substr(t, strpos(t, ':') + 1) FROM unnest(f.traits) t WHERE t ~ '^(source|kind|namespace):'
    ) said WHERE f.merged_into_id IS NULL GROUP BY 1, 2, 3, 4
    UNION ALL
    SELECT about, key, '', is_open, {_COUNTS} FROM owner o CROSS JOIN LATERAL (
        VALUES ('team', o.team_id), ('owned', o.asset)) said (about, key) GROUP BY 1, 2, 3, 4
"""
# Open findings of each asset that are nobody's: all of them without those that teams own. An asset's own row follows
# a finding at once, a team's when it is routed: until then some severity may be owned more often than it is there.
UNOWNED = f"""
    select key, {", ".join(f"greatest(sum({name}), 0)::int as {name}" for name in SEVERITIES)} from (
        select key, {", ".join(SEVERITIES)} from finding_tally where about = 'asset' and is_open
        union all
        select key, {", ".join(f"-{name}" for name in SEVERITIES)} from finding_tally where about = 'owned' and is_open
    ) both_of_them group by key
"""


def compact(cursor: Cursor) -> int:
    """Fold rows about the same into one. Returns how many went.

    One statement on one snapshot, so readers see the same sums before and after; appended rows wait for the next time.
    Two that compact at once are no harm: what one has deleted the other does not add.
    """
    cursor.execute(
        f"""
        WITH many AS (
            SELECT about, key, value, is_open FROM finding_tally GROUP BY 1, 2, 3, 4
            HAVING count(*) > 1 OR bool_and(({", ".join(SEVERITIES)}) = (0, 0, 0, 0, 0, 0))
        ), gone AS (
            DELETE FROM finding_tally t USING many m
            WHERE (t.about, t.key, t.value, t.is_open) = (m.about, m.key, m.value, m.is_open) RETURNING t.*
        ), kept AS (
            INSERT INTO finding_tally ({_COLUMNS})
            SELECT * FROM (SELECT about, key, value, is_open, {_SUMS} FROM gone GROUP BY 1, 2, 3, 4) s
            WHERE ({", ".join(SEVERITIES)}) <> (0, 0, 0, 0, 0, 0) RETURNING 1
        )
        SELECT (SELECT count(*) FROM gone) - (SELECT count(*) FROM kept)
        """
    )
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def rebuild(cursor: Cursor) -> None:
    """Count everything anew. For whoever wrote without the triggers; nobody else may write meanwhile."""
    cursor.execute("LOCK TABLE finding IN SHARE ROW EXCLUSIVE MODE")
    cursor.execute("DELETE FROM finding_tally")
    cursor.execute(f"INSERT INTO finding_tally ({_COLUMNS}) {TRUTH}")
