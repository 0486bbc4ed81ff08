"""Who has open findings of a vulnerability or a package, by team and status. Bounded: it is asked in a chat."""

from kairan.domain.affected import Share
from kairan.store.connection import raw_cursor

MOST = 10_000  # findings that are looked at
MOST_SHARES = 60

_SHARES = """
    WITH mine AS MATERIALIZED (
        SELECT f.id, f.asset_id FROM finding f
        WHERE f.is_open AND f.merged_into_id IS NULL AND {which} LIMIT %(most)s
    )
    SELECT coalesce(t.name, ''), coalesce(p.status, ''), count(*), count(DISTINCT m.asset_id), min(l.case_id),
        sum(count(*)) OVER (), count(*) OVER ()
    FROM mine m LEFT JOIN owner o ON o.finding = m.id LEFT JOIN team t ON t.id = o.team_id
    LEFT JOIN case_finding l ON l.finding = m.id AND l.left_at IS NULL LEFT JOIN case_part p ON p.id = l.part_id
    GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT %(shares)s
"""
_BY_ID = _SHARES.format(
    which="f.vulnerability_id IN (SELECT vulnerability_id FROM identifier WHERE lower(value) = %(it)s)"
)
_BY_PACKAGE = _SHARES.format(which="f.package_id IN (SELECT id FROM package WHERE name = ANY(%(names)s))")


def find(asked: str) -> tuple[bool, list[Share], int, bool]:
    """Is it known, the first shares, how many there are, are there more findings than were counted; of an id, else of
    a package's name."""
    cursor = raw_cursor()
    given = {"it": asked.lower(), "names": [asked, asked.lower()], "most": MOST, "shares": MOST_SHARES}
    cursor.execute("SELECT EXISTS (SELECT 1 FROM identifier WHERE lower(value) = %(it)s)", given)
    (is_id,) = cursor.fetchone() or (False,)
    cursor.execute("SELECT EXISTS (SELECT 1 FROM package WHERE name = ANY(%(names)s))", given)
    (is_package,) = cursor.fetchone() or (False,)
    if not (is_id or is_package):
        return False, [], 0, False
    cursor.execute(_BY_ID if is_id else _BY_PACKAGE, given)
    rows = cursor.fetchall()
    if not rows:
        return True, [], 0, False
    counted, total = rows[0][5:]
    return True, [Share(*row[:5]) for row in rows], total, counted >= MOST
