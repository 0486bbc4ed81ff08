"""The delivery table against what the destination's server holds, once all is settled: by plain SQL and by hand."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from kairan.destinations.dummy.server import DummyServer

LASTING = ("psirt_post", "team_post", "handover", "triage_form")
_MOMENT = timedelta(seconds=2)  # from the time that a merge has to its commit


class Row(NamedTuple):
    """A delivery. `stirred`: its case was merged or given to other channels; `merged_at`: when that was last one."""

    id: int
    marker: str
    channel: str
    purpose: str
    edits: bool
    state: str
    error: str
    receipt: str | None
    root: int | None
    root_receipt: str | None
    after: list[int]
    case: int | None
    status: str | None
    part: int | None
    sending_since: datetime | None
    merged_at: datetime | None
    stirred: bool


def compare(reader: Any, server: DummyServer) -> list[str]:
    """What is wrong."""
    reader.execute(
        "SELECT d.id, d.marker::text, d.channel, d.purpose, d.edits, d.state, d.error, d.receipt ->> 'id',"
        " d.root_id, r.receipt ->> 'id', d.after, d.case_id, c.status, d.part_id, d.sending_since, e.merged_at,"
        " coalesce(e.stirred, false)"
        " FROM delivery d LEFT JOIN delivery r ON r.id = d.root_id LEFT JOIN cases c ON c.id = d.case_id"
        " LEFT JOIN (SELECT case_id, max(at) FILTER (WHERE code = 'merged') AS merged_at, true AS stirred"
        "  FROM case_event WHERE code IN ('merged', 'handed_over') GROUP BY 1) e ON e.case_id = d.case_id ORDER BY d.id"
    )
    rows = [Row(*each) for each in reader.fetchall()]
    messages = server.ledger.log()
    place = {each["marker"]: at for at, each in enumerate(messages)}
    wrong = [f"the server turned away: {said}" for said in server.turned_away[:3]]
    wrong += [
        f"delivery {row.id} is {row.state}: {row.error}" for row in rows if row.state not in ("sent", "cancelled")
    ]
    wrong += _told_once(rows, messages)
    wrong += _not_in_other_words(rows)
    wrong += _in_order(rows, place)
    wrong += _up_to_date(rows, messages, place)
    return wrong + _posted(reader) + _heard(reader)


def _told_once(rows: list[Row], messages: list[Any]) -> list[str]:
    """Each sent delivery is one message, in its channel and thread; nothing else is there."""
    counted, wrong = Counter(each["marker"] for each in messages), []
    by_marker = {each["marker"]: each for each in messages}
    posts = {row.marker: row for row in rows if not row.edits}
    for marker, row in posts.items():
        if counted[marker] != (row.state == "sent"):
            wrong.append(f"delivery {row.id} ({row.purpose}, {row.state}) is there {counted[marker]} times")
        elif row.state == "sent" and row.receipt:  # a person who saw it gives none
            kept = by_marker[marker]
            if (kept["channel"], kept["id"]) != (row.channel, row.receipt):
                wrong.append(f"delivery {row.id} is there as {kept}, not as its row says")
            if not row.stirred and kept["root"] != row.root_receipt:
                wrong.append(f"delivery {row.id} is there in the thread {kept['root']}, not in {row.root_receipt}")
    return wrong + [f"nobody knows the message {marker}" for marker in counted if marker not in posts]


def _not_in_other_words(rows: list[Row]) -> list[str]:
    """No two messages say the same of one case in one channel, unless they were there before it was one case."""
    alike: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in rows:
        if row.purpose in LASTING and not row.edits and row.state == "sent":
            is_team = row.purpose in ("team_post", "handover")
            alike[row.case, row.channel, row.part if is_team else row.purpose].append(row)
    return [
        f"deliveries {[row.id for row in group]} say the same in {group[0].channel} of case {group[0].case}"
        for group in alike.values()
        if len(group) > 1 and any(_began_afterwards(row) for row in group)
    ]


def _began_afterwards(row: Row) -> bool:
    """After its case was merged with the last one; or it never was."""
    if row.merged_at is None or row.sending_since is None:
        return row.merged_at is None
    return row.sending_since > row.merged_at + _MOMENT


def _in_order(rows: list[Row], place: dict[str, int]) -> list[str]:
    """Replies of a thread came in their order; a form after the posts it links, each message after its root.

    Of cases that were merged or given away posts are taken back and come again, and replies find another thread.
    """
    wrong, last = [], {}
    markers = {row.id: row.marker for row in rows}
    for row in (each for each in rows if not each.edits and each.state == "sent" and not each.stirred):
        at = place.get(row.marker, -1)
        before = [*row.after, *([row.root] if row.root else [])]
        late = [each for each in before if place.get(markers[each], -1) > at]
        wrong += [f"delivery {row.id} ({row.purpose}) came before {each}" for each in late]
        if row.root:
            if last.get(row.root, -1) > at:
                wrong.append(f"delivery {row.id} ({row.purpose}) came before an earlier one of its thread")
            last[row.root] = at
    return wrong


def _up_to_date(rows: list[Row], messages: list[Any], place: dict[str, int]) -> list[str]:
    """What lasts shows its case as it is now: the last edit won."""
    wrong = []
    for row in (each for each in rows if not each.edits and each.state == "sent" and each.purpose in LASTING):
        shown = messages[place[row.marker]]["payload"]["status"] if row.marker in place else row.status
        if shown != row.status and row.receipt:
            wrong.append(f"delivery {row.id} ({row.purpose}) shows {shown}, the case is {row.status}")
    return wrong


def _posted(reader: Any) -> list[str]:
    """Every open case has its post and form for PSIRT, and each part a post where its team reads now."""
    reader.execute("SELECT config FROM config_version ORDER BY id DESC LIMIT 1")
    channels = {team["key"]: team["channels"]["dummy"]["id"] for team in reader.fetchone()[0]["teams"]}
    reader.execute(
        "SELECT c.id, '', d.purpose, d.channel FROM cases c JOIN delivery d ON d.case_id = c.id"
        " WHERE d.purpose IN ('psirt_post', 'triage_form') AND d.state = 'sent' AND NOT d.edits"
        " UNION ALL SELECT p.case_id, t.key, 'team_post', d.channel FROM case_part p JOIN team t ON t.id = p.team_id"
        " JOIN delivery d ON d.part_id = p.id AND d.case_id = p.case_id WHERE d.purpose IN ('team_post', 'handover')"
        " AND d.state = 'sent' AND NOT d.edits"
    )
    there = {*reader.fetchall()}
    reader.execute(
        "SELECT c.id, t.key FROM cases c JOIN case_part p ON p.case_id = c.id JOIN team t ON t.id = p.team_id"
        " WHERE c.state = 'open' AND c.merged_into_id IS NULL ORDER BY 1, 2"
    )
    wanted = []
    for case, team in reader.fetchall():
        wanted += [(case, "", purpose, "C-psirt") for purpose in ("psirt_post", "triage_form")]
        wanted.append((case, team, "team_post", channels[team]))
    return [f"case {case} has no {purpose} in {channel}" for case, team, purpose, channel in wanted
            if (case, team, purpose, channel) not in there]  # fmt: skip


def _heard(reader: Any) -> list[str]:
    """Each time that something was still seen was told once to PSIRT, and once to each team, one at least.

    Unless the case was closed before its post was sent: then both were taken back, in that moment.
    """
    reader.execute(
        "SELECT e.id, e.case_id, d.channel, count(d.id) FROM case_event e LEFT JOIN delivery d"
        " ON d.case_id = e.case_id AND d.purpose = 'update' AND d.params ->> 'code' = 'still_seen'"
        " AND (d.state = 'sent' OR d.error = 'root_cancelled' AND EXISTS (SELECT FROM delivery r"
        " JOIN cases c ON c.id = r.case_id WHERE r.id = d.root_id AND r.error = 'overtaken'"
        " AND r.settled_at = c.closed_at))"
        " AND (d.params ->> 'at')::timestamptz = e.at WHERE e.code = 'still_seen' GROUP BY 1, 2, 3 ORDER BY 1"
    )
    told: dict[tuple[int, int], dict[str, int]] = defaultdict(dict)
    for event, case, channel, number in reader.fetchall():
        told[event, case][channel] = number
    return [
        f"case {case}: event {event} was told {counts}"
        for (event, case), counts in told.items()
        if counts.get("C-psirt") != 1 or len(counts) < 2 or {*counts.values()} != {1}
    ]
