"""Findings as table, JSON and CSV. Everything is written as it comes: memory does not grow with the answer."""

import csv
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TextIO

from kairan.entrypoints.terminal import json_text, print_table, safe
from kairan.store.queries.findings import Row

_TABLE = ("finding", "severity", "id", "package", "versions", "asset", "first seen", "title")
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
)


def cell(value: object) -> str:
    """A CSV cell: harmless for terminals, and no formula for a spreadsheet."""
    text = "" if value is None else "; ".join(map(str, value)) if isinstance(value, list) else str(value)
    return ("'" if text.startswith(_STEERS_SHEETS) else "") + safe(text)


def write_csv(found: Iterable[Row], to: TextIO) -> None:
    writer = csv.writer(to, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in found:
        writer.writerow(map(cell, as_object(row).values()))


def write_json(found: Iterable[Row], to: TextIO) -> None:
    """One array, a finding on each line."""
    comma = "["
    for row in found:
        to.write(f"{comma}\n{json_text(as_object(row))}")
        comma = ","
    to.write("\n]\n" if comma == "," else "[]\n")


def write_jsonl(found: Iterable[Row], to: TextIO) -> None:
    for row in found:
        to.write(json_text(as_object(row)) + "\n")


WRITERS: Mapping[str, Callable[[Iterable[Row], TextIO], None]] = {
    "json": write_json,
    "jsonl": write_jsonl,
    "csv": write_csv,
}


def write_table(found: Iterable[Row]) -> None:
    print_table(_TABLE, map(_line, found))


def _line(row: Row) -> tuple[str, ...]:
    return (
        f"F-{row.id}",
        row.severity.word if row.is_open else f"{row.severity.word} (closed)",
        row.primary_id,
        row.package or row.location or "-",
        versions(row.installed, row.fixed),
        row.asset,
        f"{row.first_seen:%Y-%m-%d}",
        row.title,
    )


def versions(installed: str, fixed: str) -> str:
    """`1.0 → 1.2`: what is there, and where it is fixed."""
    return f"{installed or '?'} → {fixed}" if fixed else installed or "-"
