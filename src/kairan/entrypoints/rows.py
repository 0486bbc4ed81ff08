"""Findings as a table of the terminal."""

from collections.abc import Iterable

from kairan.entrypoints.terminal import print_table
from kairan.store.queries.findings import Row

_TABLE = ("finding", "severity", "id", "package", "versions", "asset", "first seen", "title")


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
