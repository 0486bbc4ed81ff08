"""What happened to a case, in the reader's words: each event's code and parameters become a sentence and facts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from kairan.domain.news import Code, ending
from kairan.domain.severity import Severity
from kairan.store.queries.case_page import Event
from kairan.web import shown
from kairan.web import words as field_words
from kairan.web.cases import words
from kairan.web.markdown import host_of

_LATE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """`what` is ours; `text` is a person's own words. `by` "" is Kairan itself. `link` is an address to follow, `case`
    another case."""

    at: datetime
    recorded_at: datetime
    code: str
    what: str
    by: str
    team: str
    text: str = ""
    link: str = ""
    case: int | None = None
    until_at: datetime | None = None

    @property
    def is_talk(self) -> bool:
        return self.code in {Code.COMMENTED, Code.ASKED}

    @property
    def learned_late(self) -> bool:
        return self.recorded_at - self.at > _LATE


_PLAIN: Mapping[str, str | Promise] = {
    Code.OPENED: gettext_lazy("The case was opened"),
    Code.REOPENED: gettext_lazy("It came back: the case is open again"),
    Code.PART_ADDED: gettext_lazy("Another team is affected"),
    Code.JOINED: gettext_lazy("More findings joined"),
    Code.WORSE: gettext_lazy("The severity rose"),
    Code.PART_RESOLVED: gettext_lazy("Scans see it no more: resolved"),
    Code.CLOSED: gettext_lazy("The case was closed: every part is settled"),
    Code.STILL_SEEN: gettext_lazy("Claimed as fixed, but a newer scan still sees it"),
    Code.CLAIMED: gettext_lazy("takes care of it"),
    Code.UNCLAIMED: gettext_lazy("no longer takes care of it"),
    Code.FIX_CLAIMED: gettext_lazy("claims that it is fixed"),
    Code.APPROVED: gettext_lazy("approved the decision"),
    Code.REFUSED: gettext_lazy("refused the decision"),
    Code.UNDONE: gettext_lazy("took the decision back"),
    Code.EXPIRED: gettext_lazy("The decision's term is over: it needs another look"),
    Code.HANDED_OVER: gettext_lazy("Another team or channel has it now"),
    Code.COMMENTED: gettext_lazy("wrote"),
    Code.ASKED: gettext_lazy("asks those who triage"),
    Code.TRIAGE_SENT: gettext_lazy("wrote to the teams"),
    Code.TICKET: gettext_lazy("A ticket was made"),
    Code.REMINDED: gettext_lazy("The team was reminded"),
    Code.ESCALATED: gettext_lazy("Escalated: the team has not answered"),
    Code.RULE_ADDED: gettext_lazy("Another rule fits too"),
    Code.MERGED: gettext_lazy("Another case became part of this one"),
    Code.RELEASED: gettext_lazy("Released from the silent baseline"),
    Code.DUE: gettext_lazy("changed the due date"),
}

_ENDINGS: Mapping[str, str | Promise] = {
    "asset_gone": gettext_lazy("What was affected is gone: resolved"),
    "suppressed": gettext_lazy("Its source says that it is not affected: resolved"),
    "closed_by_person": gettext_lazy("No report names it, and a person confirmed that it is closed: resolved"),
    "moved": gettext_lazy("Its ids turned out to be two problems: the findings are in another case now"),
}


def entry(event: Event) -> Entry:
    """One line. What an event does not say is left out, whatever its parameters look like."""
    said = event.params
    tell = _TOLD.get(event.code)
    what = tell(said) if tell else str(_PLAIN.get(event.code, event.code))
    link = str(said.get("url") or "")
    merged = said.get("case") if event.code == Code.MERGED else None
    return Entry(
        at=event.at,
        recorded_at=event.recorded_at,
        code=event.code,
        what=what,
        by=event.by,
        team=event.team,
        text=str(said.get("text") or said.get("reason") or ""),
        link=link if host_of(link) else "",
        case=merged if isinstance(merged, int) else None,
        until_at=_instant(said.get("until_at")) if event.code in {Code.DECIDED, Code.ASKED_APPROVAL} else None,
    )


def _with_number(code: Code) -> Callable[[Mapping[str, Any]], str]:
    def tell(said: Mapping[str, Any]) -> str:
        number = said.get("findings")
        what = str(_PLAIN[code])
        if isinstance(number, list):
            number = len(number)
        return f"{what} ({_findings(number)})" if isinstance(number, int) and number else what

    return tell


def _findings(number: int) -> str:
    told = ngettext("%(shown)s finding", "%(shown)s findings", number)
    return told % {"shown": shown.number(number)}


def _decided(said: Mapping[str, Any]) -> str:
    return _("decided: %(what)s") % {"what": _terms(said)}


def _asked(said: Mapping[str, Any]) -> str:
    return _("asks for approval: %(what)s") % {"what": _terms(said)}


def _terms(said: Mapping[str, Any]) -> str:
    """`Not affected (the component is not there)`; how it ends."""
    told = [field_words.word(words.STATUS, str(said.get("status", "")))]
    if said.get("justification"):
        told.append(field_words.word(words.JUSTIFICATION, str(said["justification"])))
    if said.get("until") and said["until"] != "date":
        told.append(_("until %(what)s") % {"what": field_words.word(words.UNTIL, str(said["until"]))})
    return " · ".join(told)


def _moved(said: Mapping[str, Any]) -> str:
    old = field_words.word(words.STATUS, str(said.get("old", "")))
    new = field_words.word(words.STATUS, str(said.get("new", "")))
    return _("moved it: %(old)s → %(new)s") % {"old": old, "new": new}


def _undone(said: Mapping[str, Any]) -> str:
    what = str(_PLAIN[Code.UNDONE])
    return f"{what}: {field_words.word(words.STATUS, str(said['status']))}" if said.get("status") else what


def _worse(said: Mapping[str, Any]) -> str:
    what = str(_PLAIN[Code.WORSE])
    steps = [_severity(said.get(name)) for name in ("old", "new")]
    return f"{what}: {' → '.join(steps)}" if all(steps) else what


def _severity(value: object) -> str:
    if isinstance(value, int) and value in set(Severity):
        return field_words.severity_word(value)
    return str(value or "")


def _expired(said: Mapping[str, Any]) -> str:
    why = {"fix": "fix_known", "exploitation": "exploited", "date": "expired"}.get(str(said.get("why", "")), "")
    again = _("it needs another look")
    return f"{field_words.word(words.RELOOK, why)}: {again}" if why else str(_PLAIN[Code.EXPIRED])


def _named(code: Code, *names: str) -> Callable[[Mapping[str, Any]], str]:
    """What happened, and the values of these parameters."""

    def tell(said: Mapping[str, Any]) -> str:
        values = [_text(said.get(name)) for name in names]
        told = " → ".join(each for each in values if each)
        return f"{_PLAIN[code]}: {told}" if told else str(_PLAIN[code])

    return tell


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value) if value is not None and value != "" else ""


def _resolved(said: Mapping[str, Any]) -> str:
    return str(_ENDINGS.get(ending(said), _PLAIN[Code.PART_RESOLVED]))


def _due(said: Mapping[str, Any]) -> str:
    new = _instant(said.get("new"))
    told = shown.exact(new) if new else _("none")
    return f"{_PLAIN[Code.DUE]}: {told}"


def _instant(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    try:
        found = datetime.fromisoformat(str(value)) if value else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo else None


_TOLD: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    Code.OPENED: _with_number(Code.OPENED),
    Code.REOPENED: _with_number(Code.REOPENED),
    Code.PART_ADDED: _with_number(Code.PART_ADDED),
    Code.JOINED: _with_number(Code.JOINED),
    Code.STILL_SEEN: _with_number(Code.STILL_SEEN),
    Code.WORSE: _worse,
    Code.DECIDED: _decided,
    Code.ASKED_APPROVAL: _asked,
    Code.MOVED: _moved,
    Code.UNDONE: _undone,
    Code.EXPIRED: _expired,
    Code.HANDED_OVER: _named(Code.HANDED_OVER, "old", "new"),
    Code.TRIAGE_SENT: _named(Code.TRIAGE_SENT, "teams"),
    Code.TICKET: _named(Code.TICKET, "destination"),
    Code.RULE_ADDED: _named(Code.RULE_ADDED, "rule"),
    Code.DUE: _due,
    Code.PART_RESOLVED: _resolved,
}


def entries(events: Sequence[Event]) -> list[Entry]:
    return [entry(event) for event in events]
