"""Teams, their members and what they own, written as the configuration has them."""

from collections.abc import Sequence
from typing import Any

import msgspec
import psycopg
from psycopg.types.json import Jsonb

from kairan.domain.config import Team

Cursor = psycopg.Cursor[tuple[Any, ...]]
OwnershipRow = tuple[int, str, dict[str, Any]]  # position, team's key, what has to fit


def put(cursor: Cursor, teams: Sequence[Team], language: str, time_zone: str) -> None:
    """Make and change teams by their keys. What they leave unsaid is the company's."""
    cursor.executemany(
        "INSERT INTO team (key, name, language, time_zone, settings) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (key) DO UPDATE SET name = excluded.name, language = excluded.language,"
        " time_zone = excluded.time_zone, settings = excluded.settings",
        [
            (
                each.key,
                each.name or each.key,
                each.language or language,
                each.time_zone or time_zone,
                Jsonb({"channels": msgspec.to_builtins(each.channels)}),
            )
            for each in teams
        ],
    )


def put_members(cursor: Cursor, teams: Sequence[Team]) -> list[str]:
    """Who is in which team, by login name or e-mail address. Returns those whom nobody here is: kept as text."""
    said = [(each.key, name.strip()) for each in teams for name in each.members]
    cursor.execute("CREATE TEMP TABLE IF NOT EXISTS tm_said (team text, name text) ON COMMIT DROP")
    cursor.execute("TRUNCATE tm_said")
    with cursor.copy("COPY tm_said FROM STDIN") as copy:
        for row in said:
            copy.write_row(row)
    cursor.execute(_MEMBERS)
    cursor.execute(_UNKNOWN)
    unknown = [(str(team), str(name)) for team, name in cursor.fetchall()]
    for each in teams:
        others = [name for team, name in unknown if team == each.key]
        cursor.execute(
            "UPDATE team SET settings = settings || jsonb_build_object('others', %(others)s::jsonb)"
            " WHERE key = %(key)s AND settings -> 'others' IS DISTINCT FROM %(others)s::jsonb",
            {"others": Jsonb(others), "key": each.key},
        )
    return sorted({name for _, name in unknown})


# An e-mail address that two people have is nobody's: whose team it would open cannot be told.
_KNOWN = """
    SELECT DISTINCT t.id AS team, p.id AS person, s.team AS key, s.name FROM tm_said s JOIN team t ON t.key = s.team
    JOIN person p ON lower(p.username) = lower(s.name) OR (p.email <> '' AND lower(p.email) = lower(s.name)
        AND (SELECT count(*) FROM person o WHERE lower(o.email) = lower(p.email)) = 1)
"""
_MEMBERS = f"""
    WITH known AS ({_KNOWN}), gone AS (
        DELETE FROM team_member m WHERE NOT EXISTS (
            SELECT FROM known k WHERE k.team = m.team_id AND k.person = m.person_id)
    )
    INSERT INTO team_member (team_id, person_id) SELECT DISTINCT team, person FROM known
    ON CONFLICT (team_id, person_id) DO NOTHING
"""
_UNKNOWN = f"""
    WITH known AS ({_KNOWN})
    SELECT s.team, s.name FROM tm_said s
    WHERE NOT EXISTS (SELECT FROM known k WHERE k.key = s.team AND k.name = s.name) ORDER BY 1, 2
"""


def put_ownership(cursor: Cursor, rows: Sequence[OwnershipRow]) -> None:
    """The rules as they stand, in place of all that were there."""
    cursor.execute("DELETE FROM ownership")
    cursor.executemany(
        "INSERT INTO ownership (position, team_id, matches) SELECT %s, id, %s FROM team WHERE key = %s",
        [(position, Jsonb(matches), team) for position, team, matches in rows],
    )


def retire(cursor: Cursor, keys: Sequence[str]) -> None:
    """Teams that are in the configuration no more: gone, or kept as retired where a case remembers them."""
    cursor.execute(
        "DELETE FROM team t WHERE NOT key = ANY(%s) AND NOT EXISTS (SELECT FROM case_part p WHERE p.team_id = t.id)"
        " AND NOT EXISTS (SELECT FROM delivery d WHERE d.team_id = t.id)"
        " AND NOT EXISTS (SELECT FROM owner o WHERE o.team_id = t.id)",
        (list(keys),),
    )
    cursor.execute(
        "UPDATE team SET settings = settings || '{\"retired\": true}' WHERE NOT key = ANY(%s)", (list(keys),)
    )
