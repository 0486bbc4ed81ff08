"""What somebody wants to decide of a part, checked: each thing that is wrong is said of its field, by code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from kairan.domain.errors import KairanError
from kairan.domain.triage import DECIDED, Justification, Status, Until

LONGEST_TEXT = 4_000
LONGEST_LINK = 2_000
MOST_EVIDENCE = 20
FARTHEST = timedelta(days=5 * 366)
ENDING = frozenset({Status.RISK_ACCEPTED, Status.DEFERRED})  # both have to end some day


@dataclass(frozen=True, slots=True)
class Evidence:
    """A link, or a file that was stored (services.evidence): `file` is its key in the object storage."""

    link: str = ""
    file: str = ""
    name: str = ""
    size: int = 0
    type: str = ""

    def stored(self) -> dict[str, Any]:
        """As the decision keeps it."""
        if self.link:
            return {"link": self.link}
        return {"file": self.file, "name": self.name, "size": self.size, "type": self.type}


@dataclass(frozen=True, slots=True)
class Choice:
    """`until` is a domain.triage.Until or ""; `until_at` its date. `due_at`: by when the team acts."""

    status: str
    justification: str = ""
    reason: str = ""
    until: str = ""
    until_at: datetime | None = None
    due_at: datetime | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a field. Pages say it in their own words by the code; `params` fill them in."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)


class ChoiceError(KairanError):
    """A choice that cannot be taken: `wrong` says of each field what."""

    def __init__(self, wrong: Mapping[str, Wrong]) -> None:
        self.wrong = wrong
        super().__init__("; ".join(f"{name}: {self.message_of(name)}" for name in wrong))

    def message_of(self, name: str) -> str:
        """What is wrong with one field, in English."""
        return _MESSAGES[self.wrong[name].code].format(**self.wrong[name].params)


_MESSAGES = {
    "no_status": "there is no status {status!r}",
    "only_scans": "only scans say that something is resolved",
    "no_justification": "say why it is not affected: one of {known}",
    "not_here": "this belongs to another status",
    "no_reason": "give a reason",
    "too_long": "at most {most} signs",
    "no_end": "say when it ends: a date, a fix, or known exploitation",
    "fix_known": "a fix is known already: give a date, or fix it",
    "exploitation_known": "exploitation is known already: give a date, or act",
    "no_until": "there is no end {until!r}; there are {known}",
    "no_date": "give the date",
    "no_time": "write the date as 2026-11-21",
    "in_the_past": "the date has to be in the future",
    "too_far": "at most five years from now",
    "no_link": "a link begins with http:// or https://",
    "too_many": "at most {most}",
    "no_text": "write something",
    "nothing_ticked": "name at least one part whose team can be written to",
    "no_type": "files of this kind are not kept; these are: {known}",
    "no_parts": "nothing matches",
    "too_many_parts": "at most {most} at once: narrow the list",
    "empty_file": "the file is empty",
    "too_large": "a file has at most {most} MiB",
}


def checked(choice: Choice, now: datetime) -> Choice:
    """The choice in one spelling. ChoiceError names every field that is wrong."""
    wrong: dict[str, Wrong] = {}
    status = _status(choice.status, wrong)
    _check_justification(choice, status, wrong)
    _check_reason(choice, status, wrong)
    until, until_at = _end(choice, status, now, wrong)
    _check_instant("due_at", choice.due_at, now, wrong)
    _check_evidence(choice.evidence, wrong)
    if wrong:
        raise ChoiceError(wrong)
    reason = plain(choice.reason)
    return Choice(choice.status, choice.justification, reason, until, until_at, choice.due_at, choice.evidence)


def fit_text(text: str, field: str = "text") -> str:
    """What a person wrote: something, and not too much of it. ChoiceError."""
    text = plain(text)
    if not text:
        raise ChoiceError({field: Wrong("no_text")})
    if len(text) > LONGEST_TEXT:
        raise ChoiceError({field: Wrong("too_long", {"most": LONGEST_TEXT})})
    return text


def plain(text: str) -> str:
    """One spelling of line ends, and without what PostgreSQL's texts and JSON cannot hold."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return text.encode(errors="replace").decode().strip()


def _status(status: str, wrong: dict[str, Wrong]) -> Status | None:
    if status not in set(Status):
        wrong["status"] = Wrong("no_status", {"status": status[:100]})
        return None
    if status == Status.RESOLVED:
        wrong["status"] = Wrong("only_scans")
    return Status(status)


def _check_justification(choice: Choice, status: Status | None, wrong: dict[str, Wrong]) -> None:
    known = {"known": ", ".join(Justification)}
    if status == Status.NOT_AFFECTED and choice.justification not in set(Justification):
        wrong["justification"] = Wrong("no_justification", known)
    elif status != Status.NOT_AFFECTED and choice.justification:
        wrong["justification"] = Wrong("not_here")


def _check_reason(choice: Choice, status: Status | None, wrong: dict[str, Wrong]) -> None:
    if len(plain(choice.reason)) > LONGEST_TEXT:  # browsers count a line end as one sign and send two
        wrong["reason"] = Wrong("too_long", {"most": LONGEST_TEXT})
    elif status in {Status.RISK_ACCEPTED, Status.FALSE_POSITIVE} and not plain(choice.reason):
        wrong["reason"] = Wrong("no_reason")


def _end(choice: Choice, status: Status | None, now: datetime, wrong: dict[str, Wrong]) -> tuple[str, datetime | None]:
    """How it ends. A date alone says that it is the date; other statuses than the two that end have none."""
    if status not in ENDING:
        if choice.until or choice.until_at:
            wrong["until"] = Wrong("not_here")
        return "", None
    until = choice.until or (Until.DATE if choice.until_at else "")
    if not until:
        wrong["until"] = Wrong("no_end")
    elif until not in set(Until):
        wrong["until"] = Wrong("no_until", {"until": until[:100], "known": ", ".join(Until)})
    elif until == Until.DATE and choice.until_at is None:
        wrong["until_at"] = Wrong("no_date")
    _check_instant("until_at", choice.until_at, now, wrong)
    return until, choice.until_at


def _check_instant(name: str, instant: datetime | None, now: datetime, wrong: dict[str, Wrong]) -> None:
    if instant is None:
        return
    if instant <= now:
        wrong[name] = Wrong("in_the_past")
    elif instant > now + FARTHEST:
        wrong[name] = Wrong("too_far")


def _check_evidence(evidence: Sequence[Evidence], wrong: dict[str, Wrong]) -> None:
    if len(evidence) > MOST_EVIDENCE:
        wrong["evidence"] = Wrong("too_many", {"most": MOST_EVIDENCE})
    elif not all(each.file or is_link(each.link) for each in evidence):
        wrong["evidence"] = Wrong("no_link")


def is_link(text: str) -> bool:
    """An address that a reader may follow: http or https, with a host, on one line."""
    if len(text) > LONGEST_LINK or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False


def is_decision(status: str) -> bool:
    return status in DECIDED
