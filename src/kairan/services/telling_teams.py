"""Use case: the triage form was sent. What PSIRT wrote goes below the post of each team that was ticked (D7)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from kairan.domain.answer import Answer, Fault, Said
from kairan.domain.message import Part
from kairan.domain.news import Code, News
from kairan.domain.rights import Right
from kairan.domain.triage import State
from kairan.services import attempts, configuration, may, tell
from kairan.services.attempts import NoSuchCaseError, attempt
from kairan.services.choice import plain
from kairan.services.pressed import Pressed
from kairan.services.readers import Directory
from kairan.store.queries import case_pressed, case_rows, deliveries
from kairan.store.queries.case_facts import Cursor

LONGEST = 3_000  # what the form's field takes
AGAIN = timedelta(hours=1)  # the same words to the same team within this time are a button that was pressed twice


def send_triage(pressed: Pressed) -> Answer:
    """Tell the ticked teams; whoever was told these very words within the hour is not told again."""
    with attempt(pressed.actor, "case.send_triage", f"case:{pressed.case}", pressed.now) as cursor:
        may.check(pressed.actor, Right.DECIDE)
        if not case_rows.lock_case(cursor, pressed.case):  # a second press waits here, and finds what the first sent
            raise NoSuchCaseError(f"there is no case C-{pressed.case}")
        text = plain(pressed.text("message"))
        by_channel = _channels(cursor, pressed)
        ticked = [by_channel[each] for each in dict.fromkeys(pressed.several("channels")) if each in by_channel]
        if errors := _errors(text, ticked):
            return Answer(Said.WRONG, errors=errors)
        if pressed.state == State.CLOSED:
            return Answer(Said.ILLEGAL, {"status": pressed.case_status})
        return _told(cursor, pressed, ticked, text)


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


def _told(cursor: Cursor, pressed: Pressed, ticked: Sequence[Part], text: str) -> Answer:
    numbers = [part.number for part in ticked]
    before = case_pressed.told_before(cursor, numbers, text, pressed.now - AGAIN)
    fresh = [part for part in ticked if part.number not in before]
    again = [part.name for part in ticked if part.number in before]
    if not fresh:
        return Answer(Said.SENT_BEFORE, {"teams": again})
    config, actor, now = configuration.active(), pressed.actor, pressed.now
    tell.triage_messages(cursor, config, pressed.case, [part.number for part in fresh], text, actor, now)
    names = [part.name for part in fresh]
    said: dict[str, object] = {"teams": names, "text": text}
    news = [News(pressed.case, Code.TRIAGE_SENT, now, None, said, actor.name, actor.person)]
    attempts.tell(cursor, pressed.case, news, now)
    attempts.audit(cursor, actor, "case.send_triage", f"case:{pressed.case}", None, said, now)
    return Answer(Said.SENT, {"teams": names, "again": again})
