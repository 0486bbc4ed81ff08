"""Who was told of a finding's case, and why somebody was not: each place that its rules name, and what became of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kairan.domain.config import Config
from kairan.services.readers import Directory
from kairan.store.queries import why
from kairan.store.queries.deliveries import Case
from kairan.store.queries.why import Halt, Sent, Standing


class Reason(StrEnum):
    """What became of telling a place."""

    SENT = "sent"
    NEXT = "next"  # its turn comes
    LATER = "later"  # quiet hours, a digest's time, the pace of its channel, another try: at `at`
    PAUSED = "paused"  # a person holds the destination back
    BROKEN = "broken"  # the destination itself fails; it waits for a test
    ASKED_TO_WAIT = "asked_to_wait"  # the destination asked for it
    SENDING = "sending"
    UNCERTAIN = "uncertain"  # nobody knows whether it arrived; it is looked for
    REFUSED = "refused"
    OVERTAKEN = "overtaken"  # taken back before it was sent: other news took its place
    BASELINE = "baseline"  # its source's first connection: silent until its slice is released
    COVERED = "covered"  # a decision covers it: it joined silently
    NO_CHANNEL = "no_channel"  # the team has no channel there
    UNOWNED = "unowned"  # nobody's: no team to tell
    NO_TELL = "no_tell"  # the rule tells nobody
    NO_CASE = "no_case"  # no rule matched: nothing to tell
    NOT_MADE = "not_made"  # nothing was made for this place


@dataclass(frozen=True, slots=True)
class Told:
    """One place a rule names, or one message. `purpose` "" where no message was made; `at` when, or when it will."""

    reason: Reason
    rule: str = ""
    destination: str = ""
    channel: str = ""
    purpose: str = ""
    at: datetime | None = None
    error: str = ""
    delivery: int | None = None


def told_of(config: Config, standing: Standing, now: datetime) -> list[Told]:
    """Everything sent or waiting for the finding's case and team; then each place its rules name that has nothing."""
    if standing.case is None:
        return [Told(Reason.NO_CASE)]
    directory = Directory(config)
    case = Case(0, standing.rule, standing.also, "open", None, ())
    read_in = {reader.lane for reader in (*directory.psirt(case), *directory.team(case, standing.team))}
    sent, halts = why.sent(standing.case, standing.part, read_in, standing.opened_at), why.halts()
    messages = [_message(each, halts.get(each.destination), now) for each in sent]
    return [*messages, *_silences(directory, standing, sent)]


def _message(sent: Sent, halt: Halt | None, now: datetime) -> Told:
    reason, at = _became(sent, halt, now)
    channel = sent.channel_name or sent.channel
    return Told(reason, "", sent.destination, channel, sent.purpose, at, sent.error, sent.id)


_SETTLED: Mapping[str, Reason] = {
    "sent": Reason.SENT,
    "refused": Reason.REFUSED,
    "cancelled": Reason.OVERTAKEN,
    "uncertain": Reason.UNCERTAIN,
    "sending": Reason.SENDING,
}


def _became(sent: Sent, halt: Halt | None, now: datetime) -> tuple[Reason, datetime | None]:
    if sent.state in _SETTLED:
        return _SETTLED[sent.state], sent.settled_at or sent.created_at
    if halt and halt.paused_at:
        return Reason.PAUSED, halt.paused_at
    if halt and halt.broken:
        return Reason.BROKEN, None
    if halt and halt.not_before and halt.not_before > now:
        return Reason.ASKED_TO_WAIT, halt.not_before
    return (Reason.LATER, sent.not_before) if sent.not_before > now else (Reason.NEXT, None)


def _silences(directory: Directory, standing: Standing, sent: Sequence[Sent]) -> Iterator[Told]:
    """The places that ought to be told by the case's rules, and for which there is no message."""
    reached = {(each.destination, each.channel) for each in sent}
    for name in (standing.rule, *standing.also):
        rule = directory.rules.get(name)
        if rule and not rule.tell:
            yield Told(Reason.NO_TELL, name)
        alone = Case(0, name, (), "open", None, ())
        psirt, team = directory.psirt(alone), directory.team(alone, standing.team)
        for reader in (*psirt, *team):
            if reader.lane not in reached:
                yield Told(_why_silent(standing), name, reader.destination, reader.name)
        for tell in rule.tell if rule else ():
            if tell.audience == "teams" and not any(reader.destination == tell.to for reader in team):
                yield Told(Reason.NO_CHANNEL if standing.team else Reason.UNOWNED, name, tell.to)


def _why_silent(standing: Standing) -> Reason:
    if standing.told_at is None:
        return Reason.BASELINE
    return Reason.COVERED if standing.covered_by else Reason.NOT_MADE
