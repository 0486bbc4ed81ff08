"""What the command line prints: progress, tables, and text from outside made harmless for a terminal."""

import sys
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from kairan.domain.harmless import json_text, safe
from kairan.services.intake import Watcher

_PIPE_WIDTH = 240  # in a pipe nobody folds for us; long cells stay on one line for grep
out = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)
_CONTEXT = 60  # signs of a long query on each side of its error
err = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


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
