"""Events in the reader's language. A code or parameter from a newer Kairan is shown as it stands, not hidden."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kairan.domain.severity import Severity
from kairan.store.queries.finding import Happening
from kairan.web import words

_CODES: Mapping[str, str | Promise] = {
    "opened": _("Opened"),
    "reopened": _("Opened again"),
    "closed": _("Closed"),
    "changed": _("Changed"),
    "merged": _("Merged"),
    "split": _("Split off"),
    "sighted": _("Also seen elsewhere"),
    "suppressed": _("First seen, suppressed by its source"),
}
_LATE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Fact:
    """One parameter. `old` is set where the event changed it; `finding` where the value names one."""

    label: str
    value: str
    old: str = ""
    finding: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """`learned_late`: Kairan heard of it well after it happened, so both times are worth showing."""

    what: str
    at: datetime
    recorded_at: datetime
    learned_late: bool
    facts: Sequence[Fact]
    run: str
    run_id: int | None = None


def entry(event: Happening) -> Entry:
    return Entry(
        what=words.word(_CODES, event.code),
        at=event.at,
        recorded_at=event.recorded_at,
        learned_late=event.recorded_at - event.at > _LATE,
        facts=list(_facts(event)),
        run=event.run,
        run_id=event.run_id,
    )


def _facts(event: Happening) -> Iterator[Fact]:
    for key, value in event.params.items():
        label = words.word(words.PLACE, key)
        if isinstance(value, list) and len(value) == 2:
            yield Fact(label, _said(key, value[1]), old=_said(key, value[0]))
        elif key == "finding" and isinstance(value, int):
            yield Fact(label, f"F-{value}", finding=value)
        elif key == "scope" and event.scope:
            yield Fact(label, event.scope)
        elif value not in (None, "", [], {}):
            yield Fact(label, _said(key, value))


def _said(key: str, value: Any) -> str:
    if key == "severity" and isinstance(value, int) and value in set(Severity):
        return words.severity_word(value)
    if key == "reason" and isinstance(value, str):
        return words.word(words.END_REASON, value)
    if key == "status" and isinstance(value, str):
        return words.word(words.STATUS, value)
    if value in (None, ""):
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
