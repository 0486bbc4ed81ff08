"""The triggers that keep `finding_tally`: every statement that writes findings or owners appends what it changed.

What teams own is counted from `owner` alone, whose rows hold what counts of their findings. Joined with findings it
would be wrong as soon as one transaction closed a finding while another gave it to a team.
"""

from django.db import migrations

COLUMNS = "asset_id, package_id, location, traits, is_open, severity"
ADDED = f"SELECT {COLUMNS}, 1 AS n FROM new_rows WHERE merged_into_id IS NULL"  # noqa: S608 - our own names
TAKEN = f"SELECT {COLUMNS}, -1 AS n FROM old_rows WHERE merged_into_id IS NULL"  # noqa: S608 - our own names
APPEND = """
    INSERT INTO finding_tally (about, key, value, is_open, unknown, none, low, medium, high, critical)
    WITH change AS MATERIALIZED (
        SELECT asset_id, package_id, location, traits, is_open, severity, sum(n)::int AS n
        FROM ({rows}) x
        GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(n) <> 0
    ), said AS (
        SELECT asset_id, is_open, severity, traits, sum(n)::int AS n FROM change GROUP BY 1, 2, 3, 4
    ), counted (about, key, value, is_open, severity, n) AS (
        SELECT 'asset', asset_id, '', is_open, severity, n FROM said
        UNION ALL SELECT 'package', package_id, '', is_open, severity, n FROM change WHERE package_id IS NOT NULL
        UNION ALL SELECT 'path', 0, location, is_open, severity, n FROM change WHERE location <> ''
        UNION ALL SELECT split_part(t, ':', 1), CASE WHEN t LIKE 'namespace:%' THEN asset_id ELSE 0 END,
            substr(t, strpos(t, ':') + 1), is_open, severity, n
        FROM said, unnest(traits) t WHERE t LIKE 'source:%' OR t LIKE 'kind:%' OR t LIKE 'namespace:%'
    )
    {summed}
"""
SUMMED = """
    SELECT * FROM (
        SELECT about, key, value, is_open,
            coalesce(sum(n) FILTER (WHERE severity = 0), 0) AS unknown,
            coalesce(sum(n) FILTER (WHERE severity = 1), 0) AS none,
            coalesce(sum(n) FILTER (WHERE severity = 2), 0) AS low,
            coalesce(sum(n) FILTER (WHERE severity = 3), 0) AS medium,
            coalesce(sum(n) FILTER (WHERE severity = 4), 0) AS high,
            coalesce(sum(n) FILTER (WHERE severity = 5), 0) AS critical
        FROM counted GROUP BY 1, 2, 3, 4
    ) summed WHERE (unknown, none, low, medium, high, critical) <> (0, 0, 0, 0, 0, 0);
"""
OWNED = "SELECT team_id, asset, is_open, severity, 1 AS n FROM new_rows"
DISOWNED = "SELECT team_id, asset, is_open, severity, -1 AS n FROM old_rows"
APPEND_OWNED = """
    INSERT INTO finding_tally (about, key, value, is_open, unknown, none, low, medium, high, critical)
    WITH change AS MATERIALIZED (
        SELECT team_id, asset, is_open, severity, sum(n)::int AS n
        FROM ({rows}) x
        GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0
    ), counted (about, key, value, is_open, severity, n) AS (
        SELECT 'team', team_id, '', is_open, severity, n FROM change
        UNION ALL SELECT 'owned', asset, '', is_open, severity, n FROM change
    )
    {summed}
"""
FUNCTION = """
    CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN {inserted}
        ELSIF TG_OP = 'DELETE' THEN {deleted}
        ELSE {updated}
        END IF;
        RETURN NULL;
    END $$
"""


def function(name: str, append: str, added: str, taken: str) -> str:
    def of(rows: str) -> str:
        return append.format(rows=rows, summed=SUMMED)

    both = of(f"{added} UNION ALL {taken}")
    return FUNCTION.format(name=name, inserted=of(added), deleted=of(taken), updated=both)


TRIGGERS = """
    CREATE TRIGGER {table}_tally_insert AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION {table}_tally_append();
    CREATE TRIGGER {table}_tally_update AFTER UPDATE ON {table} REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION {table}_tally_append();
    CREATE TRIGGER {table}_tally_delete AFTER DELETE ON {table} REFERENCING OLD TABLE AS old_rows
        FOR EACH STATEMENT EXECUTE FUNCTION {table}_tally_append();
"""
GONE = """
    DROP TRIGGER {table}_tally_insert ON {table}; DROP TRIGGER {table}_tally_update ON {table};
    DROP TRIGGER {table}_tally_delete ON {table}; DROP FUNCTION {table}_tally_append();
"""


def kept(table: str, append: str, added: str, taken: str) -> migrations.RunSQL:
    made = function(f"{table}_tally_append", append, added, taken)
    return migrations.RunSQL([made, TRIGGERS.format(table=table)], GONE.format(table=table))


class Migration(migrations.Migration):
    dependencies = [("kairan", "0001_initial")]
    operations = [
        kept("finding", APPEND, ADDED, TAKEN),
        kept("owner", APPEND_OWNED, OWNED, DISOWNED),
    ]
