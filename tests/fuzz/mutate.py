"""Damage: to the bytes of a document, or to the values of a JSON one. All chance comes in, so that it comes again."""

import json
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

TOKENS = (
    *(b"\\u0000", b"\\ud800", b"\\udc00\\ud800", b"\x00", b"\xff\xfe", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf"),
    *(b"{", b"}", b"[", b"]", b'"', b"\\", b",", b":", b"\n", b"null", b"true", b"-", b"1e999", b"-0", b"1E+"),
    *(b"9" * 400, b"[" * 3_000, b'{"a":' * 3_000, b"]" * 50, b"{}\n{}", b"\x1f\x8b", b"(\xb5/\xfd", b"PK\x03\x04"),
)
TEXTS = (
    *("", " ", "\n", "x" * 20_000, "\x00", "\ud800", "\u202e\u2066", "脆弱性", "\U0010ffff", "é\u0301", "*", "%", "'"),
    *("CVE-2021-44228", "cve-99999999999-0", "GHSA-jfh8-c2jp-5v3q", "CVE-2021-", "2026-13-45T99:99:99Z"),
    *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999+14:00", "2026-11-01T00:00:00-23:59", "2026-11-01"),
    *(
        "pkg:npm/%ff@1",
        "pkg:",
        "pkg:deb/debian/a@1?x=%",
        "arn:aws:ecr:::",
        "arn:",
        ":",
        "/",
        "a@sha256:",
        "@",
        "https://[",
    ),
    *(
        "http://[::1",
        "CVSS:3.1/AV:N",
        "NaN",
        "1e999",
        "-1",
        "CRITICAL",
        "unknown",
        "..",
        "../../etc/passwd",
        "<b>",
        "$ref",
    ),
)
NUMBERS = (0, -1, 2**31, 2**63, -(2**63) - 1, 10**400, 0.1, 1e308, 5e-324, -0.0, 7.77777777777777777)
ODD: Sequence[Callable[[], Any]] = (
    lambda: None,
    lambda: True,
    list,
    dict,
    lambda: [None],
    lambda: [[]],
    lambda: {"": None},
    *(lambda name=name: _MARK + name for name in ("huge", "minus", "nan", "deep")),
)
_MARK = "\ue000token:"  # no sample holds it
_UNWRITTEN = {"huge": "1e999", "minus": "-0", "nan": "NaN", "deep": "[" * 4_000 + "]" * 4_000}


def damaged(data: bytes, chance: Random) -> bytes:
    """The same bytes with one to four faults."""
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        data = chance.choice(_BYTE_FAULTS)(data, chance)
    return data


def _flip(data: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]


def _drop(data: bytes, chance: Random) -> bytes:
    start, end = _span(data, chance)
    return data[:start] + data[end:]


def _double(data: bytes, chance: Random) -> bytes:
    start, end = _span(data, chance)
    return data[:end] + data[start:]


def _insert(data: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(TOKENS) + data[at:]


def _cut(data: bytes, chance: Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _move(data: bytes, chance: Random) -> bytes:
    start, end = _span(data, chance)
    rest = data[:start] + data[end:]
    at = chance.randrange(len(rest) + 1)
    return rest[:at] + data[start:end] + rest[at:]


_BYTE_FAULTS = (_flip, _flip, _drop, _double, _insert, _insert, _cut, _move)


def _span(data: bytes, chance: Random) -> tuple[int, int]:
    start = chance.randrange(len(data) + 1)
    return start, min(len(data), start + int(chance.triangular(1, 200, 1)))


# --- JSON ------------------------------------------------------------------------------------------------------------


def reshaped(value: Any, chance: Random, others: Sequence[Any]) -> bytes:
    """A JSON document with one to six values deleted, doubled, moved, of another type, too large or too deep."""
    value = json.loads(json.dumps(value))
    for _ in range(chance.choice((1, 1, 2, 3, 6))):
        places = list(_places(value))
        if not places:
            return _written(_strange(value, chance, others))
        holder, key = chance.choice(places)
        _fault(holder, key, chance, others)
    return _written(value)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """(holder, key) of everything within a value."""
    pending = [value]
    while pending:
        holder = pending.pop()
        if not isinstance(holder, dict | list):
            continue
        for key in holder if isinstance(holder, dict) else range(len(holder)):
            yield holder, key
            pending.append(holder[key])


def _fault(holder: Any, key: Any, chance: Random, others: Sequence[Any]) -> None:
    match chance.randrange(8):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, list):
            holder.insert(chance.randrange(len(holder) + 1), holder[key])
        case 1:
            holder[key] = _Said(holder[key]) if isinstance(holder[key], dict) else [holder[key]]
        case 2 if isinstance(holder, dict):
            holder[_renamed(key, chance)] = holder.pop(key)
        case 3:
            holder[key] = _any_of(chance.choice(others), chance)
        case _:
            holder[key] = _strange(holder[key], chance, others)


def _renamed(key: str, chance: Random) -> str:
    return chance.choice((key.lower(), key.upper(), key + " ", key[:-1], chance.choice(TEXTS)))


def _any_of(value: Any, chance: Random) -> Any:
    holder, key = chance.choice(list(_places(value)) or [([value], 0)])
    return json.loads(json.dumps(holder[key]))


def _strange(old: Any, chance: Random, others: Sequence[Any]) -> Any:
    match chance.randrange(7):
        case 0 | 1:
            return chance.choice(ODD)()
        case 2:
            return chance.choice(NUMBERS)
        case 3 | 4:
            return chance.choice(TEXTS)
        case 5 if isinstance(old, str) and old:
            at = chance.randrange(len(old))
            return old[:at] + chance.choice((*TEXTS, "")) + old[at + chance.randrange(2) :]
        case 5:
            return str(old)
        case _:
            return _nested(old, chance.choice((1, 2, 60)), chance)


def _nested(value: Any, depth: int, chance: Random) -> Any:
    as_list = chance.random() < 0.5
    for _ in range(depth):
        value = [value] if as_list else {"a": value}
    return value


class _Said(dict[str, Any]):
    """An object that says each of its keys twice."""

    def items(self) -> Any:
        return [*super().items(), *super().items()]


def _written(value: Any) -> bytes:
    """Also what Python's own writer does not write."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for name, token in _UNWRITTEN.items():
        text = text.replace(f'"{_MARK}{name}"', token)
    return text.encode("utf-8", "surrogatepass")
