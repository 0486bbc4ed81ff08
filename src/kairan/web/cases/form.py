"""The decision form: what was filled in, as a Choice, and what is wrong with it, in the reader's words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, tzinfo

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from kairan.domain.triage import DECIDED, Justification, Status, Until, moves
from kairan.services import evidence
from kairan.services.actor import Actor
from kairan.services.choice import Choice, ChoiceError, Evidence, Wrong
from kairan.web import words as field_words
from kairan.web.cases import words

_END_OF_DAY = time(23, 59)


@dataclass(frozen=True, slots=True)
class Form:
    """What the reader filled in, and what is wrong with which field. `choices` are the statuses to go to."""

    choices: Sequence[str]
    values: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)

    @property
    def justifications(self) -> Sequence[str]:
        return list(Justification)

    @property
    def untils(self) -> Sequence[str]:
        return list(Until)


def blank(status: str) -> Form:
    """The form of a part that has this status: decisions first, then plain moves."""
    return Form(_ordered(moves(Status(status))) if status in set(Status) else ())


def for_many() -> Form:
    """The form of many parts at once: every status that people may give."""
    return Form(_ordered(set(Status) - {Status.RESOLVED, Status.NEW}))


def filled(form: Form, said: QueryDict, error: ChoiceError | None = None) -> Form:
    """The form as it was sent, with what is wrong beside each field."""
    return Form(form.choices, {name: said.get(name, "") for name in said}, told(error) if error else {})


def told(error: ChoiceError) -> Mapping[str, str]:
    return {name: sentence(each) for name, each in error.wrong.items()}


def sentence(wrong: Wrong) -> str:
    text = field_words.word(words.WRONG, wrong.code)
    return text % wrong.params if "%(" in text else text


def choice_of(said: QueryDict, files: Iterable[Evidence] = ()) -> Choice:
    """What a form or a bulk form asks for. Fields of other statuses are left alone: a browser sends hidden ones too.

    A date means the end of that day in the reader's zone. ChoiceError for what is no date.
    """
    status = said.get("status", "")
    ends = status in {Status.RISK_ACCEPTED, Status.DEFERRED}
    until = said.get("until", "") if ends else ""
    links = [line.strip() for line in said.get("links", "").splitlines() if line.strip()]
    return Choice(
        status=status,
        justification=said.get("justification", "") if status == Status.NOT_AFFECTED else "",
        reason=said.get("reason", ""),
        until=until,
        until_at=_day(said, "until_at") if ends and until in {"", Until.DATE} else None,
        due_at=_day(said, "due_at") if status not in DECIDED else None,
        evidence=(*(Evidence(link=link) for link in links), *files),
    )


def day_of(said: QueryDict, name: str) -> datetime | None:
    return _day(said, name)


def stored_files(request: HttpRequest, actor: Actor, now: datetime, team: int | None) -> list[Evidence]:
    """Keep the files that came with a form. Where one of them cannot be kept, none of them is."""
    kept: list[Evidence] = []
    try:
        for each in request.FILES.getlist("files"):
            assert isinstance(each, UploadedFile)
            kept.append(evidence.store(each.name or "", each.chunks(), actor, now, team=team))
    except BaseException:  # whatever it was: all of a form's files or none
        evidence.discard(kept)
        raise
    return kept


def _ordered(statuses: Iterable[Status]) -> list[str]:
    first = (
        Status.ACTION_NEEDED,
        Status.NOT_AFFECTED,
        Status.FALSE_POSITIVE,
        Status.RISK_ACCEPTED,
        Status.DEFERRED,
        Status.FIX_CLAIMED,
        Status.WAITING_FOR_VERIFICATION,
        Status.TRIAGING,
        Status.NEW,
    )
    found = set(statuses)
    return [status.value for status in first if status in found]


def _day(said: QueryDict, name: str, zone: tzinfo | None = None) -> datetime | None:
    text = said.get(name, "").strip()
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
        return datetime.combine(day, _END_OF_DAY, zone or timezone.get_current_timezone())
    except (ValueError, OverflowError):
        raise ChoiceError({name: Wrong("no_time")}) from None
