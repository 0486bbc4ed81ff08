"""What is fuzzed without a database: parsers, the documents around them, the query language, what people type."""

import gzip
import lzma
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

import msgspec
import zstandard

from kairan.domain import position, query
from kairan.domain.asset import parse_asset
from kairan.domain.errors import KairanError
from kairan.domain.finding import Advisory, Observation, Rejected, occurrence_digest, sighting_key
from kairan.domain.query.evaluate import Facts
from kairan.interfaces.source import Glancing, Hints, Report, Source
from kairan.runtime import documents
from kairan.services.recognise import recognise
from kairan.services.uploads import parse_options
from tests.fuzz import seeds
from tests.fuzz.configurations import a_configuration, check_configuration
from tests.fuzz.mutate import TEXTS, damaged, reshaped

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Target:
    """`make` makes an input from chance alone; `take` hands it over and may raise a KairanError, or nothing."""

    name: str
    share: int
    make: Callable[[Random], Any]
    take: Callable[[Any], None]


# --- parsers ---------------------------------------------------------------------------------------------------------


def a_report(chance: Random) -> bytes:
    """A report damaged as JSON (mostly: it comes further), or as bytes."""
    if chance.random() < 0.75:
        return reshaped(chance.choice(seeds.values()), chance, seeds.values())
    return damaged(chance.choice(seeds.whole()), chance)


def read_report(data: bytes) -> None:
    """As an import does: open, recognise, split, read; in both ways, and with the answer for the archive."""
    with documents.received("fuzz.json", _pieces(data), NOW) as document:
        source = recognise(document.data, None)
        source.redacted(document.data)
        for report in source.reports(document.data, Hints(name="fuzz.json")):
            _read(source, report, bytes(document.data))


def _read(source: Source, report: Report, document: bytes) -> None:
    assert report.as_of is None or report.as_of.tzinfo is not None
    _storable((report.title, list(report.scopes)))
    read = list(report.records())
    for each in read:
        _storable(each)
        position.value_at(document, each.position)
    for text in report.advisories():
        _storable(text)
    if isinstance(report, Glancing):
        looked = [each if isinstance(each, Observation | Rejected) else each.read() for each in report.glances()]
        assert list(map(_told(source), looked)) == list(map(_told(source), read)), "a glance reads something else"
        _same_keys(report, read)


def _same_keys(report: Glancing, read: "list[Observation | Rejected]") -> None:
    for glance, record in zip(report.glances(), read, strict=True):
        if not isinstance(glance, Observation | Rejected) and isinstance(record, Observation):
            assert glance.key() == sighting_key(record), "a glance is of another sighting"


def _told(source: Source) -> Callable[[Any], Any]:
    def told(each: "Observation | Rejected") -> Any:
        if isinstance(each, Rejected):
            return each
        return sighting_key(each), occurrence_digest(each, source.parser_version)

    return told


def _storable(value: Any) -> None:
    """PostgreSQL takes it: text is Unicode without NUL, instants have a zone."""
    encoded = msgspec.json.encode(value)
    assert rb"\u0000" not in encoded.replace(rb"\\", b""), f"NUL in {encoded[:200]!r}"
    if isinstance(value, Advisory):
        instants = (value.published, value.modified, value.withdrawn)
        assert all(at is None or at.tzinfo is not None for at in instants)


def _pieces(data: bytes) -> Iterable[bytes]:
    return (data[at : at + 65_536] for at in range(0, len(data), 65_536))


# --- documents -------------------------------------------------------------------------------------------------------

_WRAPS: tuple[Callable[[bytes], bytes], ...] = (
    gzip.compress,
    zstandard.compress,
    lambda data: gzip.compress(data[: len(data) // 2]) + gzip.compress(data[len(data) // 2 :]),
    lambda data: zstandard.compress(data[:500]) + zstandard.compress(data[500:]),
    lambda data: zstandard.ZstdCompressor(write_checksum=True, write_content_size=False).compress(data),
    lambda data: gzip.compress(gzip.compress(data)),
    lzma.compress,
    *(lambda data, name=name: _encoded(data, name) for name in ("utf-16", "utf-16-be", "utf-16-le", "utf-32")),
    lambda data: gzip.compress(_encoded(data, "utf-16")),
    lambda data: b"\xef\xbb\xbf" + data,
)


def a_document(chance: Random) -> bytes:
    """A report, packed or in another encoding; damaged before, after, or both."""
    data = chance.choice(seeds.whole())[:8_000]
    if chance.random() < 0.3:
        data = damaged(data, chance)
    data = chance.choice(_WRAPS)(data)
    return damaged(data, chance) if chance.random() < 0.8 else data


def open_document(data: bytes) -> None:
    with documents.received("fuzz", _pieces(data), NOW) as document:
        bytes(document.data).decode()  # what is handed on is UTF-8
        recognise(document.data, None)


def _encoded(data: bytes, name: str) -> bytes:
    return data.decode("utf-8", "replace").encode(name, "surrogatepass")


# --- queries ---------------------------------------------------------------------------------------------------------

_SIGNS = (
    "(",
    ")",
    "-",
    '"',
    "'",
    " or ",
    " and ",
    " not ",
    ":",
    ",",
    "..",
    ">=",
    "<",
    "=",
    "*",
    "\\",
    "  ",
    "\t",
    "\0",
)
_WHEN = ("<7d", ">=2026-01-01", "2026-01..2026-02", "..", "<99999999999999d", "today", "<0d", "2026-02-30", ">10000w")


def a_query(chance: Random) -> str:
    """Terms as people write them, then signs thrown in, taken out and doubled."""
    words = [_term(chance) for _ in range(chance.randrange(6))]
    text = chance.choice((" ", " or ", " (", ") ")).join(words)
    for _ in range(chance.choice((0, 0, 1, 3, 8))):
        at = chance.randrange(len(text) + 1)
        text = text[:at] + chance.choice((*_SIGNS, *TEXTS, "")) + text[at + chance.randrange(3) :]
    return "(" * 3_000 + text if chance.random() < 0.002 else text


def _term(chance: Random) -> str:
    key = chance.choice((*query.KEYS.values(), None))
    if key is None:
        return chance.choice((*TEXTS, '"remote code"', "log4j"))
    values = (*key.choices, *_WHEN, *TEXTS, "a*b", f'"{chance.choice(TEXTS)}"', ">=high", "<medium", "critical,high")
    return chance.choice(("", "-", "not ")) + key.name + ":" + ",".join(chance.choices(values, k=chance.choice((1, 2))))


def parse_query(text: str) -> None:
    tree = query.parse(text, NOW, UTC)
    facts = Facts(dict.fromkeys(query.KEYS, ("a", "openssl")), {"first-seen": NOW, "closed": None}, (("log4j",),))
    query.matches(tree, facts)


# --- what people type ------------------------------------------------------------------------------------------------


def typed(chance: Random) -> dict[str, Any]:
    names = ("source", "asset", "as_of", "complete", "modified", *(("none",) if chance.random() < 0.05 else ()))
    values = (
        *TEXTS,
        True,
        None,
        7,
        "image:nginx",
        "repository:a/b",
        "trivy",
        NOW,
        "2026-11-21T00:00:00+24:00",
        "0001-01-01",
    )
    return {name: chance.choice(values) for name in chance.sample(names, chance.randrange(1, 5))}


def parse_typed(options: dict[str, Any]) -> None:
    for each in options.values():
        if isinstance(each, str):
            with suppress(KairanError):
                parse_asset(each)
            position.value_at(b'{"a": [1]}', each)
    parse_options(options)


WITHOUT_STORE = (
    Target("parsers", 60, a_report, read_report),
    Target("documents", 15, a_document, open_document),
    Target("queries", 18, a_query, parse_query),
    Target("options", 2, typed, parse_typed),
    Target("configurations", 5, a_configuration, check_configuration),
)
