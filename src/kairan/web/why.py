"""Why a finding is in a case or not, whose it is, and who was told: in the reader's words (parts/why.html)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kairan.services import explain
from kairan.services.explain import Bar, Match, Owned, RuleFit, TermFit, Why
from kairan.services.untold import Reason, Told
from kairan.store.queries import why as queries
from kairan.web import words
from kairan.web.cases.words import PURPOSE

MATCH: Mapping[Match, str | Promise] = {
    Match.OPENED: _("opened the case"),
    Match.ADDED: _("added whom to tell"),
    Match.FITS: _("fits"),
    Match.MISSES: _("does not fit"),
}
BAR: Mapping[Bar, str | Promise] = {
    Bar.NONE: "",
    Bar.CLOSED: _("Rules look at open findings only."),
    Bar.WAITS: _("No rule has looked at it since it changed; that happens within a minute."),
    Bar.EARLIER: _("It fits today, but did not when its case was last looked at."),
}
REASON: Mapping[Reason, str | Promise] = {
    Reason.SENT: pgettext_lazy("message", "Sent"),
    Reason.NEXT: _("Waits for its turn"),
    Reason.LATER: _("Waits for its time: a digest, quiet hours, or another try"),
    Reason.PAUSED: _("The destination is paused"),
    Reason.BROKEN: _("The destination fails; it waits until somebody tests it"),
    Reason.ASKED_TO_WAIT: _("The destination asked us to wait"),
    Reason.SENDING: _("Is being sent"),
    Reason.UNCERTAIN: _("Nobody knows whether it arrived; it is being looked for"),
    Reason.REFUSED: _("Refused by the destination"),
    Reason.OVERTAKEN: _("Taken back before it was sent: newer news took its place"),
    Reason.BASELINE: _("Not told yet: its source's first connection is silent, and released in slices"),
    Reason.COVERED: _("Not told: it joined a case that a decision covers"),
    Reason.NO_CHANNEL: _("Not told: its team has no channel there"),
    Reason.UNOWNED: _("Not told: it is nobody's, so there is no team to tell"),
    Reason.NO_TELL: _("Not told: the rule names nobody to tell"),
    Reason.NO_CASE: _("Nobody was told: no rule made a case of it"),
    Reason.NOT_MADE: _("Not told: nothing new happened since this place was added"),
}


@dataclass(frozen=True, slots=True)
class RuleLine:
    position: int
    name: str
    is_hit: bool
    what: str | Promise
    bar: str | Promise
    terms: Sequence[TermFit]


@dataclass(frozen=True, slots=True)
class ToldLine:
    """The last of several that are alike. `place` is `destination #channel`; "" where it is about no place."""

    what: str | Promise
    purpose: str | Promise
    place: str
    rule: str
    at: datetime | None
    error: str
    is_well: bool
    times: int = 1


@dataclass(frozen=True, slots=True)
class Shown:
    """What templates/parts/why.html shows. `finding` is set where it stands for a case."""

    rules: Sequence[RuleLine]
    owner: Owned
    told: Sequence[ToldLine]
    case: int | None
    gone_rule: str
    version: int
    finding: int | None = None


def of_finding(number: int, now: datetime) -> Shown | None:
    """Why this finding is where it is. None: there is no such finding."""
    found = explain.rules_of(number, now)
    return _shown(found) if found else None


def of_case(number: int, now: datetime) -> Shown | None:
    """The same for a case, by its worst open finding. None where it holds none."""
    finding = queries.example_of(number)
    found = explain.rules_of(finding, now) if finding else None
    return _shown(found, finding) if found else None


def is_case(number: int) -> bool:
    """Is there such a case?"""
    return queries.is_case(number)


def _shown(found: Why, finding: int | None = None) -> Shown:
    return Shown(
        [_rule(each) for each in found.rules],
        found.owner,
        _gathered(found.told),
        found.standing.case,
        found.gone_rule,
        found.version,
        finding,
    )


def _gathered(told: Sequence[Told]) -> list[ToldLine]:
    """Of each sort of message in a place the last one, and how many there were."""
    lines: dict[tuple[object, ...], ToldLine] = {}
    for each in told:
        line = _told(each)
        key = (line.what, line.purpose, line.place, line.rule, line.error)
        before = lines.pop(key, None)
        lines[key] = replace(line, times=before.times + 1) if before else line
    return list(lines.values())


def _rule(each: RuleFit) -> RuleLine:
    is_hit = each.match in (Match.OPENED, Match.ADDED)
    return RuleLine(each.position, each.name, is_hit, MATCH[each.match], BAR[each.bar], each.terms)


def _told(each: Told) -> ToldLine:
    place = f"{each.destination} #{each.channel.lstrip('#')}" if each.channel else each.destination
    purpose = words.word(PURPOSE, each.purpose)
    return ToldLine(REASON[each.reason], purpose, place, each.rule, each.at, each.error, each.reason is Reason.SENT)
