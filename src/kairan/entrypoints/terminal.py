"""What the command line prints: progress, tables, and text from outside made harmless for a terminal."""

import json
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from kairan.services.intake import Watcher

_PIPE_WIDTH = 240  # in a pipe nobody folds for us; long cells stay on one line for grep
out = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)
_CONTEXT = 60  # signs of a long query on each side of its error
err = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)

_BIDI = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C}


def safe(text: object) -> str:
    """Text from outside on one line, without what could steer a terminal or turn its direction."""
    return "".join(" " if sign in "\n\r\t" else _harmless(sign) for sign in str(text))


def _harmless(sign: str) -> str:
    steers = unicodedata.category(sign) in {"Cc", "Cs"} or ord(sign) in _BIDI
    return f"\\u{ord(sign):04x}" if steers else sign


def json_text(value: object) -> str:
    """JSON on one line; what could steer a terminal is escaped, and means the same."""
    text = json.dumps(value, ensure_ascii=False, default=_plain)
    return text if text.isascii() and "\x7f" not in text else "".join(map(_harmless, text))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def print_json(value: object) -> None:
    """One JSON document on standard output, and nothing else."""
    sys.stdout.write(json_text(value) + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table; long cells are folded, never cut."""
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(safe(cell), overflow="fold") for cell in row))
    out.print(table)


def complain(message: str) -> None:
    """One line on standard error."""
    err.print(Text(safe(message)))


def complain_at(message: str, text: str, position: int) -> None:
    """A complaint about a place in a text: the text follows, with a caret under the place."""
    start = max(0, position - _CONTEXT)
    end = min(len(text), position + _CONTEXT)
    before = ("…" if start else "") + safe(text[start:position])
    after = safe(text[position:end]) + ("…" if end < len(text) else "")
    err.print(Text(f"{safe(message)}\n  {before}{after}\n  {' ' * cell_len(before)}^"))


class ImportProgress(Watcher):
    """A bar on a terminal; in a pipe only the lines about what went wrong."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._name = ""

    def __enter__(self) -> "ImportProgress":
        if err.is_terminal:
            columns: list[Any] = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()]
            self._progress = Progress(*columns, TimeElapsedColumn(), console=err, transient=True)
            self._progress.start()
            self._task = self._progress.add_task("", total=None)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._progress:
            self._progress.stop()

    def opened(self, name: str) -> None:
        self._name = name
        if self._progress and self._task is not None:
            self._progress.reset(self._task, description=safe(name)[-60:], total=None)

    def report(self, title: str, size: int) -> None:
        if self._progress and self._task is not None:
            self._progress.reset(self._task, description=safe(title or self._name)[-60:], total=size)

    def advance(self, records: int) -> None:
        if self._progress and self._task is not None:
            self._progress.advance(self._task, records)

    def failed(self, name: str, reason: str) -> None:
        complain(f"{name}: {reason}")

    def rejected(self, name: str, reason: str, number: int) -> None:
        what = "1 record" if number == 1 else f"{number} records"
        complain(f"{name}: {what} rejected: {reason}")
