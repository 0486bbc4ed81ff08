"""Use case: read the uploads that wait, one after the other. Run by the worker.

A worker that is killed in the middle leaves its upload to the next one, which reads it from the beginning: reading
twice changes nothing.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
import structlog

from kairan.domain.asset import parse_asset
from kairan.domain.errors import ConfigError, DatabaseError, KairanError
from kairan.runtime import documents
from kairan.runtime.object_store import Archive
from kairan.services.intake import Intake, Options, Result, Watcher
from kairan.services.replay import replay
from kairan.services.uploads import wake
from kairan.store.connection import beside, raw_cursor
from kairan.store.queries import uploads

MOST_TRIES = 5  # then whatever stops the reading is likely to be in the upload itself
_MOST_ERRORS = 20
_PACE = 0.5  # seconds between two writings of the progress

Clock = Callable[[], datetime]
log = structlog.get_logger("kairan.uploads")


class Stopped(Exception):  # noqa: N818 - no error, and nothing that a report could be blamed for
    """The worker is asked to stop; what it reads is read again from the beginning by the next one."""


def work(clock: Clock, stopping: Callable[[], bool] = lambda: False) -> int:
    """Read until nothing waits that nobody else reads. Returns how many were taken up."""
    taken: set[int] = set()
    with beside() as desk:
        while not stopping() and (claimed := uploads.claim(desk, taken, clock())):
            taken.add(claimed.id)
            _Reading(desk, claimed, clock, stopping).run()
            uploads.release(desk, claimed.id)
    return len(taken)


def wake_if_needed() -> None:
    """Some wait and nobody reads them: their worker died, or was away when they came."""
    if uploads.any_free(raw_cursor()):
        wake()


@dataclass(frozen=True, slots=True)
class _Reading:
    """One claimed upload on its way in. `desk` writes what others are to see while it is read."""

    desk: uploads.Cursor
    claimed: uploads.Claimed
    clock: Clock
    stopping: Callable[[], bool]

    def run(self) -> None:
        number, tries = self.claimed.id, self.claimed.tries
        if tries > MOST_TRIES:
            self._fail(f"Kairan tried {MOST_TRIES} times to read it and was stopped each time")
            return
        try:
            result = self._read()
        except Stopped:
            uploads.put_back(self.desk, number, "", tries=tries - 1)
        except ConfigError as error:
            self._fail(str(error))
        except (KairanError, OSError) as error:
            self._put_back_or_fail(error)
        except Exception as error:  # the runner: one upload must not stop the others
            log.exception("an upload could not be read", upload=number)
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            self._fail(f"this is a fault of Kairan ({type(error).__name__}: {first})")
        else:
            self._finish(result)

    def _read(self) -> Result:
        archive, said = Archive.configured(), self.claimed.options
        if said.get("replay"):
            counted = _ReplayProgress(self.desk, self.claimed.id, self.stopping)
            return replay(archive, self.clock, counted, said.get("source"), upload=self.claimed.id)
        modified = datetime.fromisoformat(said["modified"]) if "modified" in said else self.claimed.created_at
        chunks = archive.stream(self.claimed.stored)
        progress = Progress(self.desk, self.claimed.id, self.stopping)
        intake = Intake(_options(self.claimed), archive, self.clock, progress)
        return intake.read_one(self.claimed.name, documents.received(self.claimed.name, chunks, modified))

    def _finish(self, result: Result) -> None:
        replayed = bool(self.claimed.options.get("replay"))
        error = "" if not result.errors else _told(result, named=replayed)
        counts = {**result.counts.as_dict(), "files": result.files, "unreadable": result.unreadable}
        failed = bool(error) and not replayed
        uploads.finish(self.desk, self.claimed.id, counts, error, self.clock(), failed=failed)
        if self.claimed.stored and not failed:
            Archive.configured().delete(self.claimed.stored)
            uploads.forget_stored(self.desk, self.claimed.id)

    def _fail(self, reason: str) -> None:
        uploads.finish(self.desk, self.claimed.id, {}, reason, self.clock(), failed=True)

    def _put_back_or_fail(self, error: Exception) -> None:
        """The archive or the database is away: the tick brings a worker back to it in a minute."""
        if self.claimed.tries >= MOST_TRIES:
            self._fail(str(error))
            return
        try:
            uploads.put_back(self.desk, self.claimed.id, str(error), tries=self.claimed.tries)
        except psycopg.Error:
            raise DatabaseError(str(error)) from None


class Progress(Watcher):
    """Writes how far an upload is into its row, for the page that shows it, at most twice a second."""

    def __init__(self, desk: uploads.Cursor, number: int, stopping: Callable[[], bool]) -> None:
        self.desk, self.number, self.stopping = desk, number, stopping
        self.read = self.total = 0
        self.written = 0.0

    def report(self, title: str, size: int) -> None:
        self.total += size
        self.write()

    def advance(self, records: int) -> None:
        self.read = min(self.read + records, self.total)
        self.write()

    def write(self) -> None:
        if self.stopping():
            raise Stopped("the worker stops")
        if time.monotonic() - self.written >= _PACE:
            self.written = time.monotonic()
            uploads.progress(self.desk, self.number, self.read, self.total)


class _ReplayProgress(Progress):
    """Of a replay the archived answers are counted, not their records."""

    def planned(self, documents: int) -> None:
        self.total = documents

    def opened(self, name: str) -> None:
        self.read += 1
        self.write()

    def report(self, title: str, size: int) -> None: ...

    def advance(self, records: int) -> None:
        self.write()


def _options(claimed: uploads.Claimed) -> Options:
    said: dict[str, Any] = dict(claimed.options)
    return Options(
        source=said.get("source"),
        asset=parse_asset(said["asset"]) if "asset" in said else None,
        as_of=datetime.fromisoformat(said["as_of"]) if "as_of" in said else None,
        complete=said.get("complete"),
        trigger="upload",
        upload=claimed.id,
    )


def _told(result: Result, *, named: bool) -> str:
    lines = [f"{name}: {reason}" if named else reason for name, reason in result.errors[:_MOST_ERRORS]]
    if len(result.errors) > _MOST_ERRORS:
        lines.append(f"and {len(result.errors) - _MOST_ERRORS} more")
    return "\n".join(lines)
