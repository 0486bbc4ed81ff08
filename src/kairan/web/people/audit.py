"""The audit: who changed what, when, from where."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kairan.domain.rights import Right
from kairan.store.queries import audit_log, places
from kairan.store.queries import people as people_queries
from kairan.store.queries.audit_log import Asked, Entry, Place
from kairan.web import words
from kairan.web.security import needs
from kairan.web.shown import exact

PAGE_SIZE = 50
_LONGEST = 300  # signs of one value that a row shows
_DIGITS = re.compile(r"[0-9]{1,18}")  # int() refuses thousands of them
_TABLES = {"role": words.ROLE, "scope": words.TOKEN_SCOPE, "by": words.BY_WAY_OF}
_INSTANTS = {"until", "expires_at"}


@dataclass(frozen=True, slots=True)
class Change:
    """One field that changed; `old` or `new` is None where there was, or is, none."""

    label: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """An entry with its words. `leads_to` is the number of the person it is about, unless they did it themselves."""

    entry: Entry
    what: str
    changes: tuple[Change, ...]
    leads_to: int | None


@needs(Right.READ_AUDIT)
@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """The newest changes first; filtered by who and by what."""
    asked = _asked(request)
    older, newer = _place(request.GET.get("after")), _place(request.GET.get("before"))
    page = audit_log.page(asked, PAGE_SIZE, older_than=older, newer_than=newer)
    actors, actions = audit_log.choices()
    someone = people_queries.find(asked.person) if asked.person is not None else None
    context = {
        "entries": told(page.entries),
        "asked": asked,
        "filtered": asked != Asked(),
        "someone": someone,
        "actors": sorted({*actors, asked.actor} - {""}),
        "actions": [(code, words.word(words.ACTION, code)) for code in sorted({*actions, asked.action} - {""})],
        "newer": _address(asked, "before", page.newer),
        "older": _address(asked, "after", page.older),
    }
    return render(request, "people/audit.html", context)


def told(entries: Iterable[Entry]) -> list[Told]:
    return [
        Told(entry, words.word(words.ACTION, entry.action), tuple(_changes(entry)), _person_of(entry))
        for entry in entries
    ]


def _changes(entry: Entry) -> Iterator[Change]:
    """Field by field, where both sides are objects; else as they stand."""
    before, after = entry.before, entry.after
    if not isinstance(before, dict | None) or not isinstance(after, dict | None):
        yield Change("", _text(before), _text(after))
        return
    if after is None:  # something ended: this is what it was, not what was taken away from it
        before, after = None, before
    for key in {**(before or {}), **(after or {})}:
        old, new = _value(key, (before or {}).get(key)), _value(key, (after or {}).get(key))
        if old or new:
            yield Change(words.word(words.AUDITED, key), old, new)


def _value(key: str, value: Any) -> str | None:
    text = _text(value)
    if text is None:
        return None
    if key in _INSTANTS:
        try:
            return exact(datetime.fromisoformat(text))
        except ValueError:
            return text
    return words.word(_TABLES.get(key, {}), text)


def _text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    said = _said(value)
    return said if len(said) <= _LONGEST else said[:_LONGEST] + "…"


def _said(value: Any) -> str:
    """As people write it: `source: trivy, complete: yes`."""
    if isinstance(value, dict):
        return ", ".join(f"{words.word(words.AUDITED, key)}: {_said(each)}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(_said, value))
    return words.word(words.YES_NO, str(value)) if isinstance(value, bool) else str(value)


def _person_of(entry: Entry) -> int | None:
    number = entry.subject.removeprefix("person:")
    return int(number) if entry.about and _DIGITS.fullmatch(number) and int(number) != entry.person else None


def _asked(request: HttpRequest) -> Asked:
    person = request.GET.get("person", "")
    number = int(person) if _DIGITS.fullmatch(person) else None
    return Asked(_clean(request.GET.get("who", "")), _clean(request.GET.get("action", "")), number)


def _clean(text: str) -> str:
    """PostgreSQL knows no NUL."""
    return text.replace("\0", "")[:_LONGEST]


def _place(written: str | None) -> Place | None:
    """A page's end, from its address; what is no place is the beginning."""
    at, _, number = (written or "").partition("~")
    instant = places.instant(at)
    return Place(instant, int(number)) if instant and _DIGITS.fullmatch(number) else None


def _address(asked: Asked, side: str, place: Place | None) -> str:
    if place is None:
        return ""
    said = {"who": asked.actor, "action": asked.action, "person": "" if asked.person is None else str(asked.person)}
    return "?" + urlencode({k: v for k, v in said.items() if v} | {side: f"{places.written(place.at)}~{place.id}"})
