"""Parts of cases that time has caught up with: found without a lock, then locked with their case and looked at again.

Two that look at once never do the same thing twice: who comes second finds the case locked, and leaves it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.sql import SQL, Composable, Composed

from kairan.domain.triage import DECIDED

Cursor = psycopg.Cursor[tuple[Any, ...]]

_OPEN_IN = """
    SELECT FROM case_finding l JOIN finding f ON f.id = l.finding
    WHERE l.part_id = p.id AND l.left_at IS NULL AND f.is_open AND f.merged_into_id IS NULL AND {}
"""
_FIX_KNOWN = SQL("f.traits @> '{{fix:known}}'::text[]").format()


@dataclass(frozen=True, slots=True)
class Part:
    """A part that is due. `why` is a code; `number` and `at` what goes with it."""

    id: int
    case: int
    why: str = ""
    number: int = 0
    at: datetime | None = None


def lock_free(cursor: Cursor, cases: Sequence[int]) -> list[int]:
    """Lock those of the cases, and their parts, that nobody else is at."""
    cursor.execute(
        "SELECT id FROM cases WHERE id = ANY(%s) AND merged_into_id IS NULL ORDER BY id FOR UPDATE SKIP LOCKED",
        (sorted(set(cases)),),
    )
    free = [row[0] for row in cursor]
    cursor.execute("SELECT FROM case_part WHERE case_id = ANY(%s) ORDER BY id FOR UPDATE", (free,))
    return free


def _found(cursor: Cursor, query: Composed) -> list[Part]:
    cursor.execute(query)
    return [Part(*row) for row in cursor]


def _within(cases: Sequence[int] | None) -> Composable:
    return SQL("TRUE") if cases is None else SQL("p.case_id = ANY({})").format(list(cases))


def ended(cursor: Cursor, now: datetime, most: int, exploited: Composable, cases: Sequence[int] | None) -> list[Part]:
    """Parts whose decision's terms are over: its date, a fix that became known, exploitation that did.

    `exploited` is what the query language makes of "exploitation is known", of the finding `f`. A part that is
    resolved loses its decision too: it does not cover any more what comes back.
    """
    by_date = SQL(
        "SELECT p.id, p.case_id, 'date' AS why FROM case_part p WHERE p.until_at <= {} AND p.decision_id IS NOT NULL"
        " AND {}"
    ).format(now, _within(cases))
    by_fact = [
        SQL(
            "SELECT p.id, p.case_id, {why} FROM case_part p JOIN decision d ON d.id = p.decision_id"
            " WHERE p.status = ANY({decided}) AND d.state = 'effective' AND d.until = {why} AND {within}"
            " AND EXISTS ({open})"
        ).format(why=why, decided=sorted(DECIDED), within=_within(cases), open=SQL(_OPEN_IN).format(condition))
        for why, condition in _facts(exploited).items()
    ]
    query = SQL("SELECT DISTINCT ON (id) id, case_id, why FROM ({}) w ORDER BY id, why LIMIT {}")
    return _found(cursor, query.format(SQL(" UNION ALL ").join([by_date, *by_fact]), most))


def _facts(exploited: Composable) -> dict[str, Composable]:
    return {"fix": _FIX_KNOWN, "exploitation": exploited}


def is_known(cursor: Cursor, part: int, until: str, exploited: Composable) -> bool:
    """Is the fact `until` known of anything that is open in the part?"""
    condition = _facts(exploited).get(until)
    if condition is None:
        return False
    query = SQL("SELECT FROM case_part p WHERE p.id = {} AND EXISTS ({})").format(part, SQL(_OPEN_IN).format(condition))
    cursor.execute(query)
    return cursor.fetchone() is not None


RELOOK = {"date": "expired", "fix": "fix_known", "exploitation": "exploited"}


def end(cursor: Cursor, parts: Sequence[Part], now: datetime) -> list[int]:
    """The decisions are over, and their teams look again. Returns the parts that need it: resolved ones do not."""
    cursor.execute(
        "UPDATE decision SET state = 'ended' WHERE state = 'effective' AND id IN"
        " (SELECT decision_id FROM case_part WHERE id = ANY(%s))",
        ([each.id for each in parts],),
    )
    cursor.execute(
        """
        UPDATE case_part p SET decision_id = NULL, until_at = NULL,
            status = CASE WHEN p.status = ANY(%(decided)s) THEN 'triaging' ELSE p.status END,
            status_since = CASE WHEN p.status = ANY(%(decided)s) THEN %(now)s ELSE p.status_since END,
            relook = CASE WHEN p.status = ANY(%(decided)s) THEN t.relook ELSE p.relook END
        FROM unnest(%(parts)s::bigint[], %(relook)s::text[]) AS t (id, relook) WHERE p.id = t.id
        RETURNING p.id, p.status
        """,
        {
            "decided": sorted(DECIDED),
            "now": now,
            "parts": [each.id for each in parts],
            "relook": [RELOOK[each.why] for each in parts],
        },
    )
    return [part for part, status in cursor if status == "triaging"]


def still_seen(cursor: Cursor, most: int, cases: Sequence[int] | None) -> list[Part]:
    """Parts claimed to be fixed, of which a report that is newer than the claim still sees a finding."""
    query = SQL(
        """
        SELECT p.id, p.case_id, '', count(DISTINCT f.id)::int, max(s.at) FROM case_part p
        JOIN case_finding l ON l.part_id = p.id AND l.left_at IS NULL
        JOIN finding f ON f.id = l.finding AND f.is_open AND f.merged_into_id IS NULL
        JOIN LATERAL (
            SELECT greatest(s.changed_at, c.watermark) AS at FROM sighting s JOIN scope c ON c.id = s.scope_id
            WHERE s.finding_id = f.id AND s.is_live AND greatest(s.changed_at, c.watermark) > p.status_since
        ) s ON TRUE
        WHERE p.status IN ('fix_claimed', 'waiting_for_verification') AND {}
        GROUP BY p.id, p.case_id ORDER BY p.id LIMIT {}
        """
    )
    return _found(cursor, query.format(_within(cases), most))


def back_to_work(cursor: Cursor, parts: Sequence[Part], now: datetime) -> None:
    """The claim was wrong, or came before the scan that shows it right: the team looks again."""
    cursor.execute(
        "UPDATE case_part SET status = 'action_needed', status_since = %s, relook = 'still_seen' WHERE id = ANY(%s)",
        (now, [each.id for each in parts]),
    )


@dataclass(frozen=True, slots=True)
class Pace:
    """When a rule's teams are reminded, or somebody else is told: `after` they were told, then `every`."""

    rule: str
    after: timedelta
    every: timedelta = timedelta()
    times: int = 1


# Parts that nobody has answered, each with the first of its case's rules that has a pace.
_UNANSWERED = """
    SELECT DISTINCT ON (p.id) p.id, p.case_id, p.team_id, p.told_at, p.reminders, p.reminded_at, p.escalated_at,
        r.after, r.every, r.times
    FROM case_part p JOIN cases c ON c.id = p.case_id
    JOIN unnest({rules}::text[], {after}::interval[], {every}::interval[], {times}::int[])
        WITH ORDINALITY AS r (name, after, every, times, place) ON r.name = c.rule OR r.name = ANY(c.also)
    WHERE p.status = 'new' AND p.told_at IS NOT NULL AND c.told_at IS NOT NULL AND c.merged_into_id IS NULL AND {within}
    ORDER BY p.id, r.name <> c.rule, r.place
"""


def _unanswered(paces: Sequence[Pace], cases: Sequence[int] | None) -> Composable:
    return SQL(_UNANSWERED).format(
        rules=[each.rule for each in paces],
        after=[each.after for each in paces],
        every=[each.every for each in paces],
        times=[each.times for each in paces],
        within=_within(cases),
    )


# Has the team of the part `p` a channel in which one of its case's rules tells it?
_REACHED = """
    EXISTS (SELECT FROM unnest({rules}::text[], {rule_places}::text[]) AS r (rule, place)
        JOIN cases c ON c.id = p.case_id AND (r.rule = c.rule OR r.rule = ANY(c.also))
        WHERE r.place = ANY({all_teams}) OR EXISTS (
            SELECT FROM unnest({teams}::text[], {team_places}::text[]) AS t (key, place)
            JOIN team ON team.key = t.key WHERE team.id = p.team_id AND t.place = r.place))
"""
Places = Sequence[tuple[str, str]]


def reached(rules: Places, teams: Places, all_teams: Sequence[str]) -> Composable:
    """Of parts `p`: those whose teams are told. Rules and teams with the destinations they tell, or are told, in."""
    return SQL(_REACHED).format(
        rules=[rule for rule, _ in rules],
        rule_places=[place for _, place in rules],
        teams=[team for team, _ in teams],
        team_places=[place for _, place in teams],
        all_teams=list(all_teams),
    )


def to_remind(
    cursor: Cursor, paces: Sequence[Pace], reached: Composable, now: datetime, most: int, cases: Sequence[int] | None
) -> list[Part]:
    """Parts whose team was told, has not answered, and is due for a reminder. Missed ones are not caught up."""
    query = SQL(
        "SELECT p.id, p.case_id, '', p.reminders + 1 FROM ({}) p WHERE p.team_id IS NOT NULL AND p.reminders < p.times"
        " AND CASE WHEN p.reminders = 0 THEN p.told_at + p.after ELSE p.reminded_at + p.every END <= {} AND {}"
        " ORDER BY p.id LIMIT {}"
    )
    return _found(cursor, query.format(_unanswered(paces, cases), now, reached, most))


def reminded(cursor: Cursor, parts: Sequence[Part], now: datetime) -> None:
    cursor.execute(
        "UPDATE case_part SET reminders = reminders + 1, reminded_at = %s WHERE id = ANY(%s)",
        (now, [each.id for each in parts]),
    )


def to_escalate(
    cursor: Cursor, paces: Sequence[Pace], now: datetime, most: int, cases: Sequence[int] | None
) -> list[Part]:
    """Parts that have gone unanswered for so long that somebody else is told; nobody's parts among them."""
    query = SQL(
        "SELECT p.id, p.case_id, '', p.reminders FROM ({}) p WHERE p.escalated_at IS NULL"
        " AND p.told_at + p.after <= {} ORDER BY p.id LIMIT {}"
    )
    return _found(cursor, query.format(_unanswered(paces, cases), now, most))


def escalated(cursor: Cursor, parts: Sequence[Part], now: datetime) -> None:
    cursor.execute("UPDATE case_part SET escalated_at = %s WHERE id = ANY(%s)", (now, [each.id for each in parts]))
