"""What may come next in the query bar: keys, then values of the key under the caret."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from kairan.domain.query.keys import KEYS, Key, Takes
from kairan.domain.query.parse import LONGEST
from kairan.domain.query.terms import written
from kairan.domain.rights import Right
from kairan.store.queries import suggestions as queries
from kairan.web.findings.words import key_help, period_help
from kairan.web.security import needs

MOST = 10
# A term as far as it is typed: spaces and commas inside quotation marks belong to it.
_TERM = re.compile(r'(?:"[^"]*(?:"|$)|[^\s\u3000()"])+')
_KEYED = re.compile(r"(-?)([A-Za-z][A-Za-z_-]*):(>=|<=|>|<|=)?(.*)", re.S)
_VALUE = re.compile(r'"[^"]*(?:"|$)|[^",]+|(?<=,)(?=,|$)|^$')
_PERIODS = ("<1d", "<7d", "<30d", ">30d", ">90d", ">1y")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`text` takes the place of what stands between `start` and `end`. `more`: something has to follow it."""

    text: str
    help: str = ""
    more: bool = False


@needs(Right.SEE)
@require_safe
def suggestions(request: HttpRequest) -> HttpResponse:
    """JSON: which signs of the query to replace, and by what."""
    text = request.GET.get("q", "")[:LONGEST].replace("\0", " ")
    at = request.GET.get("at", "")
    caret = min(int(at), len(text)) if at.isascii() and at.isdigit() and len(at) < 9 else len(text)
    start, end, found = suggest(text, caret)
    return JsonResponse({"start": start, "end": end, "options": [asdict(each) for each in found]})


def suggest(text: str, caret: int) -> tuple[int, int, Sequence[Suggestion]]:
    """The place of what is being typed, and what may stand there."""
    start, end = next(
        ((m.start(), m.end()) for m in _TERM.finditer(text) if m.start() < caret <= m.end()), (caret, caret)
    )
    term, before = text[start:end], text[start:caret]
    keyed = _KEYED.fullmatch(term)
    if keyed and (key := KEYS.get(keyed[2].lower().replace("_", "-"))) and caret - start >= keyed.start(4):
        return _values(key, keyed, start, caret)
    sign = "-" if before.startswith("-") else ""
    found = list(_words(before.removeprefix(sign).strip('"').lower()))
    return start + len(sign), end, found[:MOST]


def _values(key: Key, keyed: re.Match[str], start: int, caret: int) -> tuple[int, int, list[Suggestion]]:
    """Of a list of values the one under the caret."""
    begin = start + keyed.start(3 if keyed[3] and key.takes is Takes.INSTANT else 4)
    listed = keyed.string[begin - start :]
    at = caret - begin
    place = next(((m.start(), m.end()) for m in _VALUE.finditer(listed) if m.start() <= at <= m.end()), (at, at))
    typed = listed[place[0] : at].strip('"')
    others = {value.strip('"').lower() for value in listed.split(",")} - {typed.lower()}
    found = [each for each in _of(key, typed) if each.text.strip('"').lower() not in others]
    return begin + place[0], begin + place[1], found[:MOST]


def _of(key: Key, typed: str) -> Iterator[Suggestion]:
    low = typed.lower()
    if key.takes is Takes.INSTANT:
        yield from (Suggestion(each, period_help(each)) for each in _PERIODS if each.startswith(low))
    elif key.choices:
        yield from (Suggestion(word) for word in _answered(key) if low in word)
    else:
        yield from (Suggestion(_written(value)) for value in queries.values(key.name, typed, most=MOST + 5))


def _answered(key: Key) -> Sequence[str]:
    """What can be asked for already; worst severities first."""
    words = key.choices if key.answered is None else key.answered
    return words[::-1] if key.takes is Takes.SEVERITY else words


def _words(typed: str) -> Iterator[Suggestion]:
    """Keys, then whole terms: choices by their word, ids and packages by their beginning."""
    keys = [key for key in KEYS.values() if key.answered != () and typed in key.name]
    for key in sorted(keys, key=lambda key: not key.name.startswith(typed)):
        yield Suggestion(f"{key.name}:", key_help(key.name), more=True)
    if len(typed) < 2:
        return
    for key in KEYS.values():
        for word in _answered(key) if key.choices else ():
            if word.startswith(typed) and len(typed) > 1:
                yield Suggestion(written(key.name, [word]), key_help(key.name))
    for name in ("id", "package"):
        for value in queries.values(name, typed, most=5):
            yield Suggestion(written(name, [value]), key_help(name))


def _written(value: str) -> str:
    return written("", [value]).removeprefix(":")
