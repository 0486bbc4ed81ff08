"""Findings as CSV, JSON and JSON lines, line by line: memory does not grow with the answer."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from kairan.domain.harmless import json_text, safe
from kairan.store.queries.findings import Row

_STEERS_SHEETS = tuple("=+-@\t\r\n＝＋－＠")  # a spreadsheet reads these as the beginning of a formula


def as_object(row: Row) -> dict[str, Any]:
    """A finding as JSON and CSV tell it."""
    return {
        "finding": f"F-{row.id}",
        "severity": row.severity.word,
        "state": "open" if row.is_open else "closed",
        "close_reason": row.close_reason,
        "kind": row.kind,
        "id": row.primary_id,
        "title": row.title,
        "package": row.package,
        "installed": row.installed,
        "fixed": row.fixed,
        "asset_kind": row.asset_kind,
        "asset": row.asset,
        "location": row.location,
        "first_seen": row.first_seen.isoformat(),
        "closed_at": row.closed_at.isoformat() if row.closed_at else None,
        "sources": list(row.sources),
        "team": row.team,
    }


COLUMNS = (
    "finding",
    "severity",
    "state",
    "close_reason",
    "kind",
    "id",
    "title",
    "package",
    "installed",
    "fixed",
    "asset_kind",
    "asset",
    "location",
    "first_seen",
    "closed_at",
    "sources",
    "team",
)


def cell(value: object) -> str:
    """A CSV cell: harmless for terminals, and no formula for a spreadsheet."""
    text = "" if value is None else "; ".join(map(str, value)) if isinstance(value, list) else str(value)
    return ("'" if text.startswith(_STEERS_SHEETS) else "") + safe(text)


class _Line:
    """A file for `csv.writer`, which gives each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def csv_lines(found: Iterable[Row]) -> Iterator[str]:
    writer = csv.writer(_Line(), lineterminator="\n")
    yield str(writer.writerow(COLUMNS))
    for row in found:
        yield str(writer.writerow(map(cell, as_object(row).values())))


def json_lines(found: Iterable[Row]) -> Iterator[str]:
    """One array, a finding on each line."""
    comma = "["
    for row in found:
        yield f"{comma}\n{json_text(as_object(row))}"
        comma = ","
    yield "\n]\n" if comma == "," else "[]\n"


def jsonl_lines(found: Iterable[Row]) -> Iterator[str]:
    for row in found:
        yield json_text(as_object(row)) + "\n"


FORMS: Mapping[str, Callable[[Iterable[Row]], Iterator[str]]] = {
    "json": json_lines,
    "jsonl": jsonl_lines,
    "csv": csv_lines,
}
