"""Use case: PSIRT writes to a case's teams. What they wrote goes below the post of each team that was ticked (D7), from
the triage form of a destination as from the case's page.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from kairan.domain.advice import LONGEST, advice
from kairan.domain.answer import Answer, Fault, Said
from kairan.domain.message import Part
from kairan.domain.news import Code, News
from kairan.domain.rights import Right
from kairan.domain.triage import State
from kairan.services import asides, attempts, configuration, may
from kairan.services.actor import Actor
from kairan.services.attempts import NoSuchCaseError, attempt
from kairan.services.choice import plain
from kairan.services.compose import fix_of
from kairan.services.pressed import Pressed
from kairan.services.readers import Directory
from kairan.store.connection import raw_cursor
from kairan.store.queries import case_facts, case_pressed, case_rows, deliveries
from kairan.store.queries.case_facts import Cursor


@dataclass(frozen=True, slots=True)
class Room:
    """Where a team of the case reads. Teams that share all their channels are one: they are written to once.

    `part` is the first one's. `hangs`: there is a post of the case for the message to hang below.
    """

    part: int
    teams: Sequence[str]
    channels: Sequence[str]
    hangs: bool


def send_triage(pressed: Pressed) -> Answer:
    """Tell the channels that were ticked in a destination's form."""

    def ticked(cursor: Cursor) -> list[Part]:
        by_channel = _channels(cursor, pressed)
        return [by_channel[each] for each in dict.fromkeys(pressed.several("channels")) if each in by_channel]

    return _send(pressed.case, pressed.text("message"), ticked, pressed.actor, pressed.now)


def write(case: int, parts: Sequence[int], text: str, actor: Actor, now: datetime) -> Answer:
    """Tell the teams that were ticked on the case's page, by their parts. NoSuchCaseError, ForbiddenError."""

    def ticked(cursor: Cursor) -> list[Part]:
        wanted, there = {*parts}, {row.id: row for row in case_facts.parts(cursor, case)}
        found = [there[room.part] for room in rooms(case) if room.part in wanted and room.part in there]
        return [Part(row.id, row.team, row.name or row.team, row.status, row.findings) for row in found]

    return _send(case, text, ticked, actor, now)


def rooms(case: int) -> list[Room]:
    """Which teams of a case can be written to, and where; in the order of the case's parts."""
    cursor = raw_cursor()
    found = deliveries.cases(cursor, [case]).get(case)
    if found is None:
        return []
    directory, known = Directory(configuration.active()), deliveries.roots(cursor, [case]).get(case, [])
    posted = {root.part for root in known if root.state == "sent" and not root.gone}
    names = {part.id: part.name or part.team for part in case_facts.parts(cursor, case)}
    by_lanes: dict[frozenset[tuple[str, str]], Room] = {}
    for part in sorted(found.parts, key=lambda each: list(names).index(each.id)):
        readers = directory.team(found, part.key)
        lanes = frozenset(reader.lane for reader in readers)
        if same := by_lanes.get(lanes):
            by_lanes[lanes] = Room(same.part, [*same.teams, names[part.id]], same.channels, same.hangs)
        elif readers:
            channels = [f"#{reader.name.removeprefix('#')}" for reader in readers]
            by_lanes[lanes] = Room(part.id, [names[part.id]], channels, part.id in posted)
    return list(by_lanes.values())


def draft(case: int) -> str:
    """What the page's form is pre-filled with, in the company's language: as the form below the PSIRT's post."""
    cursor, config = raw_cursor(), configuration.active()
    head = case_facts.head(cursor, case)
    if head is None:
        return ""
    summary = case_facts.summary(cursor, head.vulnerability) if head.vulnerability else ""
    fixes = [fix_of(each) for each in case_facts.fixes(cursor, case)]
    url = config.link(f"/cases/C-{case}/")
    return plain(advice(fixes, summary or head.title, url, config.language))


def _send(case: int, text: str, ticked: Callable[[Cursor], list[Part]], actor: Actor, now: datetime) -> Answer:
    """Tell the ticked teams; whoever was told these very words within the hour is not told again."""
    with attempt(actor, "case.send_triage", f"case:{case}", now) as cursor:
        may.check(actor, Right.DECIDE)
        if not case_rows.lock_case(cursor, case):  # a second press waits here, and finds what the first sent
            raise NoSuchCaseError(f"there is no case C-{case}")
        head, text = case_facts.head(cursor, case), plain(text)
        assert head is not None
        parts = ticked(cursor)
        if errors := _errors(text, parts):
            return Answer(Said.WRONG, errors=errors)
        if head.state == State.CLOSED:
            return Answer(Said.ILLEGAL, {"status": head.status})
        return _told(cursor, case, parts, text, actor, now)


def _errors(text: str, ticked: Sequence[Part]) -> dict[str, Fault]:
    errors: dict[str, Fault] = {}
    if not ticked:
        errors["channels"] = Fault("nothing_ticked")
    if not text:
        errors["message"] = Fault("no_text")
    elif len(text) > LONGEST:
        errors["message"] = Fault("too_long", {"most": LONGEST})
    return errors


def _channels(cursor: Cursor, pressed: Pressed) -> Mapping[str, Part]:
    """The channels that the form offers, with the part each stands for: what else a payload names is nobody."""
    found = deliveries.cases(cursor, [pressed.case])[pressed.case]
    destination = case_pressed.destination_of(cursor, pressed.case, pressed.action.channel)
    directory, parts = Directory(configuration.active()), {part.number: part for part in pressed.parts}
    channels: dict[str, Part] = {}
    for part in sorted(found.parts, key=lambda each: list(parts).index(each.id)):
        for reader in directory.team(found, part.key):
            if reader.destination == destination:
                channels.setdefault(reader.channel, parts[part.id])
    return channels


def _told(cursor: Cursor, case: int, ticked: Sequence[Part], text: str, actor: Actor, now: datetime) -> Answer:
    numbers = [part.number for part in ticked]
    told = asides.triage_messages(cursor, configuration.active(), case, numbers, text, actor, now)
    names = [part.name for part in ticked if part.number in told]
    again = [part.name for part in ticked if part.number not in told]
    if not names:
        return Answer(Said.SENT_BEFORE, {"teams": again})
    said: dict[str, object] = {"teams": names, "text": text}
    attempts.tell(cursor, case, [News(case, Code.TRIAGE_SENT, now, None, said, actor.name, actor.person)], now)
    attempts.audit(cursor, actor, "case.send_triage", f"case:{case}", None, said, now)
    return Answer(Said.SENT, {"teams": names, "again": again})
