"""Use cases of uploads: take a document in for the worker to read, read a failed one again, ask for a replay.

Taking in is quick and reading may be long, so they are apart: the document lies in the object storage, a row says that
it waits, a job wakes the worker (services.read_uploads).
"""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

from django.db import transaction
from procrastinate.contrib.django import app

from kairan.domain.asset import parse_asset
from kairan.domain.errors import ConfigError, IllegalTransition, KairanError, OptionError
from kairan.interfaces import registry
from kairan.runtime.environment import number
from kairan.runtime.object_store import Archive
from kairan.store.connection import raw_cursor
from kairan.store.queries import uploads
from kairan.store.queries.audit import add_audit

LIMIT = "KAIRAN_MAX_UPLOAD_BYTES"
READ = "kairan.read_uploads"  # the job's name; entrypoints.jobs says what it does
_LONGEST_NAME = 255


class TooLarge(OptionError):  # noqa: N818 - reads as what it says
    """The document is larger than what this Kairan takes in: `most` bytes."""

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__("too_large", "the file is larger than {most} ({setting})", most=_size(most), setting=LIMIT)


def _size(number: int) -> str:
    for unit, bits in (("GiB", 30), ("MiB", 20), ("KiB", 10)):
        if number >> bits:
            return f"{number / (1 << bits):.4g} {unit}"
    return f"{number} bytes"


def limit() -> int:
    """The largest document that is taken in, in bytes."""
    return number("KAIRAN_MAX_UPLOAD_BYTES", 2 << 30)


def receive(
    name: str,
    chunks: Iterable[bytes],
    options: Mapping[str, object],
    person: int | None,
    now: datetime,
    *,
    origin: str = "page",
) -> int:
    """Store a document as it comes and let it wait for the worker. Returns the upload's number.

    `options`, each as on the command line: `source` (a kind), `asset` (KIND:NAME), `as_of` (an instant or ISO 8601),
    `complete` (true or false), and `modified` (the file's own time). ConfigError says what is wrong with them, before
    a byte is read; TooLarge that the document is too large.
    """
    checked = parse_options(options)
    archive = Archive.configured()
    key = f"uploads/{now:%Y/%m/%d}/{uuid.uuid4().hex}"
    counted = _Counted(chunks, limit())
    archive.receive(key, iter(counted))
    told = {"name": _plain(name), "size": counted.size, "options": checked}
    with transaction.atomic():
        number = uploads.add(raw_cursor(), _plain(name), counted.size, key, checked, person, now)
        _audit(number, "upload.add", None, told, person, now, origin)
        wake()
    return number


def read_again(
    number: int, options: Mapping[str, object], person: int | None, now: datetime, *, origin: str = "page"
) -> None:
    """Read a failed upload once more, with these options instead of its own."""
    checked = parse_options(options)
    with transaction.atomic():
        cursor = raw_cursor()
        found = uploads.lock(cursor, number)
        if found is None:
            raise KairanError(f"there is no upload {number}")
        state, stored, before = found
        if state != "failed":
            raise IllegalTransition(f"upload {number} cannot be read again: it is {state}")
        if not stored:
            raise IllegalTransition(f"upload {number} is no longer kept: upload the file again")
        if "modified" in before:
            checked.setdefault("modified", before["modified"])
        uploads.wait_again(cursor, number, checked)
        _audit(number, "upload.read_again", dict(before), checked, person, now, origin)
        wake()


def ask_replay(source: str | None, person: int | None, now: datetime, *, origin: str = "page") -> int:
    """Have the worker read the archive again (of one source). Returns the number under which its progress is seen."""
    if source:
        registry.source(source)
    options = {"replay": True, **({"source": source} if source else {})}
    with transaction.atomic():
        cursor = raw_cursor()
        number = uploads.add(cursor, "replay", 0, "", options, person, now)
        _audit(number, "replay.ask", None, options, person, now, origin)
        wake()
    return number


def wake() -> None:
    """Have a worker look for what waits. The job comes with the transaction that the row comes with."""
    app.configure_task(name=READ).defer()


def parse_options(options: Mapping[str, object]) -> dict[str, Any]:
    """What a person said of a document, checked, as it is stored. ConfigError names what is wrong."""
    unknown = options.keys() - _OPTIONS.keys()
    if unknown:
        raise ConfigError(f"unknown option {sorted(unknown)[0]!r}; there are: {', '.join(_OPTIONS)}")
    return {name: _OPTIONS[name](value) for name, value in options.items() if value is not None and value != ""}


def _source(value: object) -> str:
    return registry.source(str(value)).kind


def _asset(value: object) -> str:
    parse_asset(str(value))
    return str(value)


def _instant(value: object) -> str:
    try:
        read = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        message = "{text!r} is no time; write 2026-11-21 or 2026-11-21T09:30:00+09:00"
        raise OptionError("no_time", message, text=str(value)) from None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).isoformat()


def _yes_or_no(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ConfigError(f"complete is true or false, not {value!r}")


_OPTIONS: Mapping[str, Callable[[object], Any]] = {
    "source": _source,
    "asset": _asset,
    "as_of": _instant,
    "complete": _yes_or_no,
    "modified": _instant,
}


class _Counted:
    """Pieces of a document on their way, counted and bounded."""

    def __init__(self, chunks: Iterable[bytes], most: int) -> None:
        self.chunks, self.most, self.size = chunks, most, 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.chunks:
            self.size += len(chunk)
            if self.size > self.most:
                raise TooLarge(self.most)
            yield chunk


def _plain(name: str) -> str:
    """A file's name as a browser says it, without folders and without what no text may hold."""
    last = PurePath(name.replace("\\", "/")).name
    return "".join(sign for sign in last if sign.isprintable())[:_LONGEST_NAME] or "report"


def _audit(
    number: int, action: str, before: object, after: object, person: int | None, now: datetime, origin: str
) -> None:
    cursor = raw_cursor()
    actor = uploads.name_of(cursor, person)
    add_audit(cursor, now, actor, action, f"upload:{number}", before, after, person=person, origin=origin)
