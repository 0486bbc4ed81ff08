"""The trigger that keeps `finding_tally`: every statement that writes findings appends what it changed."""

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
FUNCTION = f"""
    CREATE FUNCTION finding_tally_append() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN {APPEND.format(rows=ADDED)}
        ELSIF TG_OP = 'DELETE' THEN {APPEND.format(rows=TAKEN)}
        ELSE {APPEND.format(rows=f"{ADDED} UNION ALL {TAKEN}")}
        END IF;
        RETURN NULL;
    END $$
"""
TRIGGERS = """
    CREATE TRIGGER finding_tally_insert AFTER INSERT ON finding REFERENCING NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION finding_tally_append();
    CREATE TRIGGER finding_tally_update AFTER UPDATE ON finding REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION finding_tally_append();
    CREATE TRIGGER finding_tally_delete AFTER DELETE ON finding REFERENCING OLD TABLE AS old_rows
        FOR EACH STATEMENT EXECUTE FUNCTION finding_tally_append();
"""


class Migration(migrations.Migration):
    dependencies = [("kairan", "0001_initial")]
    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION finding_tally_append()"),
        migrations.RunSQL(
            TRIGGERS,
            "DROP TRIGGER finding_tally_insert ON finding; DROP TRIGGER finding_tally_update ON finding;"
            " DROP TRIGGER finding_tally_delete ON finding",
        ),
    ]
