"""Writing everything that a query lets through, to standard output or whole into a file."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from kairan.domain.errors import ConfigError, KairanError
from kairan.domain.harmless import safe
from kairan.entrypoints.terminal import err
from kairan.services.export import FORMS
from kairan.store.queries.counting import count
from kairan.store.queries.findings import Row, Selection
from kairan.store.queries.walk import Sort, pages


def write_all(selected: Selection, form: str, path: str | None) -> None:
    """Everything, in the order of F-ids: those never change, so reports that arrive meanwhile hide nothing."""
    with _output(path) as to:
        quiet = not err.is_terminal or (to is sys.stdout and sys.stdout.isatty())
        found = pages(selected, Sort.NUMBER)
        rows = _flat(found) if quiet else _watched(found, count(selected))
        to.writelines(FORMS[form](rows))


def _flat(found: Iterable[Sequence[Row]]) -> Iterator[Row]:
    for page in found:
        yield from page


def _watched(found: Iterable[Sequence[Row]], total: int) -> Iterator[Row]:
    columns = (TextColumn("exporting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task("", total=total)
        for page in found:
            yield from page
            progress.advance(task, len(page))


@contextmanager
def _output(path: str | None) -> Iterator[TextIO]:
    if path in (None, "-"):
        yield sys.stdout
        sys.stdout.flush()
        return
    target = Path(str(path)).resolve()
    if target.is_dir() or not target.parent.is_dir():
        raise ConfigError(
            f"--output {safe(path)}: {'that is a folder' if target.is_dir() else 'there is no such folder'}"
        )
    try:
        with _whole(target) if target.is_file() or not target.exists() else _stream(target) as to:
            yield to
    except BrokenPipeError:
        raise
    except OSError as error:
        raise KairanError(f"cannot write {safe(path)}: {error.strerror or error}") from None


@contextmanager
def _whole(target: Path) -> Iterator[TextIO]:
    """The file appears whole or not at all; an older one stays until then."""
    unfinished = target.with_name(f".{target.name[:200]}.{os.getpid()}.unfinished")
    try:
        with unfinished.open("x", encoding="utf-8", newline="") as to:
            if target.exists():
                unfinished.chmod(target.stat().st_mode & 0o777)
            yield to
            to.flush()
            os.fsync(to.fileno())
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def _stream(target: Path) -> Iterator[TextIO]:
    """A pipe or a device is written to; nothing can be put in its place."""
    with target.open("w", encoding="utf-8", newline="") as to:
        yield to
