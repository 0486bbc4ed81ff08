"""What routing changed of cases, found by comparing them with how they were: the news of a batch."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from kairan.domain.news import Code, News
from kairan.domain.severity import Severity
from kairan.domain.triage import DECIDED
from kairan.store.queries.routing import Cursor

MOST_NAMES = 20


def remember(cursor: Cursor, cases: Sequence[int]) -> None:
    """How the cases and their parts are before anything changes."""
    cursor.execute(
        """
        CREATE TEMP TABLE rt_case_before (id bigint, state text, severity smallint, also text[], told boolean)
            ON COMMIT DROP;
        CREATE TEMP TABLE rt_part_before (id bigint, case_id bigint, team_id bigint, status text, severity smallint,
            due_at timestamptz, told boolean) ON COMMIT DROP
        """
    )
    cursor.execute(
        "INSERT INTO rt_case_before SELECT id, state, severity, also || rule, told_at IS NOT NULL FROM cases"
        " WHERE id = ANY(%s)",
        (list(cases),),
    )
    cursor.execute(
        "INSERT INTO rt_part_before SELECT id, case_id, team_id, status, severity, due_at, told_at IS NOT NULL"
        " FROM case_part WHERE case_id = ANY(%s)",
        (list(cases),),
    )
    cursor.execute("ANALYZE rt_case_before; ANALYZE rt_part_before")


def touched(cursor: Cursor, before: Sequence[int]) -> list[int]:
    """The cases that were remembered, and those that were opened since; `rt_case` holds them from now on."""
    cursor.execute("SELECT DISTINCT case_id FROM rt_join")
    found = sorted({*before, *(row[0] for row in cursor)})
    cursor.execute("CREATE TEMP TABLE rt_case (id bigint) ON COMMIT DROP")
    with cursor.copy("COPY rt_case FROM STDIN") as stream:
        for case in found:
            stream.write_row((case,))
    cursor.execute("ANALYZE rt_case")
    return found


def news(cursor: Cursor, now: datetime) -> list[News]:
    """What happened, in the order in which it is told."""
    return [
        *_opened(cursor, now),
        *_reopened(cursor, now),
        *_parts(cursor, now),
        *_joined(cursor, now),
        *_handed_over(cursor, now),
        *_worse(cursor, now),
        *_rules(cursor, now),
        *_resolved(cursor, now),
    ]


def _opened(cursor: Cursor, now: datetime) -> Iterator[News]:
    cursor.execute(
        "SELECT c.id, c.findings, c.told_at IS NULL FROM cases c LEFT JOIN rt_case_before b ON b.id = c.id"
        " WHERE c.id IN (SELECT id FROM rt_case) AND b.id IS NULL ORDER BY c.id"
    )
    for case, findings, baseline in cursor:
        yield News(case, Code.OPENED, now, None, {"findings": findings, "baseline": baseline})
    cursor.execute(
        "SELECT c.id, c.findings FROM cases c JOIN rt_case_before b ON b.id = c.id"
        " WHERE NOT b.told AND c.told_at IS NOT NULL AND c.merged_into_id IS NULL ORDER BY c.id"
    )
    for case, findings in cursor:
        yield News(case, Code.RELEASED, now, None, {"findings": findings})


def _reopened(cursor: Cursor, now: datetime) -> Iterator[News]:
    """A case that was closed; and each part that came back by itself."""
    cursor.execute(
        "SELECT c.id, c.findings FROM cases c JOIN rt_case_before b ON b.id = c.id"
        " WHERE c.id IN (SELECT id FROM rt_case) AND b.state = 'closed' AND c.state <> 'closed' ORDER BY c.id"
    )
    for case, findings in cursor:
        yield News(case, Code.REOPENED, now, None, {"findings": findings})
    cursor.execute(
        "SELECT p.case_id, p.id, p.findings FROM rt_back b JOIN case_part p ON p.id = b.part"
        " WHERE b.covered IS NULL ORDER BY p.case_id, p.id"
    )
    for case, part, findings in cursor:
        yield News(case, Code.REOPENED, now, part, {"findings": findings})


def _parts(cursor: Cursor, now: datetime) -> Iterator[News]:
    cursor.execute(
        """
        SELECT p.case_id, p.id, coalesce(t.key, ''), p.findings FROM case_part p
        JOIN rt_case_before c ON c.id = p.case_id LEFT JOIN rt_part_before b ON b.id = p.id
        LEFT JOIN team t ON t.id = p.team_id WHERE b.id IS NULL ORDER BY p.case_id, p.id
        """
    )
    for case, part, team, findings in cursor:
        yield News(case, Code.PART_ADDED, now, part, {"team": team, "findings": findings})
    cursor.execute(
        """
        SELECT p.case_id, p.id, p.findings FROM case_part p JOIN rt_part_before b ON b.id = p.id
        JOIN rt_case_before c ON c.id = p.case_id
        WHERE c.told AND NOT b.told AND p.told_at IS NOT NULL ORDER BY p.case_id, p.id
        """
    )
    for case, part, findings in cursor:
        yield News(case, Code.RELEASED, now, part, {"findings": findings})


def _joined(cursor: Cursor, now: datetime) -> Iterator[News]:
    """Findings that came to a part that was there and at work; those a decision covers are not told.

    A part that nobody was told of yet just grows.
    """
    cursor.execute(
        """
        SELECT j.case_id, j.part_id, count(*), p.status = ANY(%(decided)s),
            (array_agg(DISTINCT a.name ORDER BY a.name))[:%(most)s]
        FROM rt_join j JOIN rt_part_before b ON b.id = j.part_id JOIN case_part p ON p.id = j.part_id
        LEFT JOIN rt_back k ON k.part = j.part_id JOIN rt_finding r ON r.id = j.finding
        JOIN asset a ON a.id = r.asset
        WHERE (k.part IS NULL OR k.covered IS NOT NULL) AND p.told_at IS NOT NULL GROUP BY 1, 2, 4 ORDER BY 1, 2
        """,
        {"decided": sorted(DECIDED), "most": MOST_NAMES},
    )
    for case, part, number, covered, assets in cursor:
        yield News(case, Code.JOINED, now, part, {"findings": number, "assets": assets, "covered": covered})


def _handed_over(cursor: Cursor, now: datetime) -> Iterator[News]:
    cursor.execute(
        """
        SELECT p.case_id, p.id, coalesce(o.key, ''), coalesce(n.key, '') FROM case_part p
        JOIN rt_part_before b ON b.id = p.id LEFT JOIN team o ON o.id = b.team_id LEFT JOIN team n ON n.id = p.team_id
        WHERE p.case_id IN (SELECT id FROM rt_case) AND p.team_id IS DISTINCT FROM b.team_id ORDER BY p.case_id, p.id
        """
    )
    for case, part, old, new in cursor:
        yield News(case, Code.HANDED_OVER, now, part, {"old": old, "new": new})
    cursor.execute(  # parts that became one with the part their new team had already
        """
        SELECT b.case_id, p.id, coalesce(o.key, ''), coalesce(n.key, '') FROM rt_part_before b
        JOIN rt_given g ON g.id = b.id JOIN case_part p ON p.id = g.target
        LEFT JOIN team o ON o.id = b.team_id LEFT JOIN team n ON n.id = p.team_id
        WHERE b.team_id IS DISTINCT FROM p.team_id ORDER BY 1, 2, 3
        """
    )
    for case, part, old, new in cursor:
        yield News(case, Code.HANDED_OVER, now, part, {"old": old, "new": new})


def _worse(cursor: Cursor, now: datetime) -> Iterator[News]:
    cursor.execute(
        "SELECT c.id, b.severity, c.severity FROM cases c JOIN rt_case_before b ON b.id = c.id"
        " WHERE c.severity > b.severity AND b.state <> 'closed' AND c.merged_into_id IS NULL"
        " ORDER BY c.id"
    )
    for case, old, new in cursor:
        yield News(case, Code.WORSE, now, None, {"old": Severity(old).word, "new": Severity(new).word})
    cursor.execute(
        """
        SELECT p.case_id, p.id, b.due_at, p.due_at FROM case_part p JOIN rt_part_before b ON b.id = p.id
        WHERE p.case_id IN (SELECT id FROM rt_case) AND p.due_at < b.due_at AND b.status <> 'resolved' ORDER BY 1, 2
        """
    )
    for case, part, before, after in cursor:
        yield News(case, Code.DUE, now, part, {"old": before.isoformat(), "new": after.isoformat()})


def _rules(cursor: Cursor, now: datetime) -> Iterator[News]:
    cursor.execute(
        """
        SELECT c.id, r.name FROM cases c JOIN rt_case_before b ON b.id = c.id
        CROSS JOIN LATERAL unnest(c.rule || c.also) AS r (name)
        WHERE r.name <> ALL (b.also) AND c.merged_into_id IS NULL ORDER BY c.id, r.name
        """
    )
    for case, rule in cursor:
        yield News(case, Code.RULE_ADDED, now, None, {"rule": rule})


def _resolved(cursor: Cursor, now: datetime) -> Iterator[News]:
    """Why, for each reason how many findings: as they were closed, or `moved` where they went to another case."""
    cursor.execute(
        """
        SELECT p.case_id, p.id, coalesce((SELECT jsonb_object_agg(w.reason, w.number) FROM (
            SELECT CASE WHEN l.left_at IS NULL THEN f.close_reason ELSE 'moved' END AS reason, count(*) AS number
            FROM case_finding l JOIN finding f ON f.id = l.finding AND f.merged_into_id IS NULL
            WHERE l.part_id = p.id AND (l.left_at IS NULL OR l.left_at = %s) GROUP BY 1) w), '{}')::text
        FROM case_part p JOIN rt_part_before b ON b.id = p.id JOIN cases c ON c.id = p.case_id
        WHERE p.status = 'resolved' AND b.status <> 'resolved' AND c.merged_into_id IS NULL
        ORDER BY p.case_id, p.id
        """,
        (now,),
    )
    for case, part, reasons in cursor:
        yield News(case, Code.PART_RESOLVED, now, part, {"reasons": json.loads(reasons)})
