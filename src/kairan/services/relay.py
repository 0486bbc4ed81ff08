"""Reports on their way into the store: while one is written, the next is read.

    report 1   read - write
    report 2          read - - write
    report 3                   read - write

To read a report is our work (decode, fold, stage), to write it the server's: two processors have something to do. Each
report is one transaction all the same, and is written when the one before it is committed: the history is that of one
after the other. What a report compares itself with while it is read are its scopes, which it has locked; of what
reports share (ids, advisories, packages) it only guesses what need not be staged, and writing decides.
"""

import gc
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg

from kairan.domain.counts import Counts
from kairan.services.ingest import Ingest
from kairan.services.races import database, tried
from kairan.store.connection import another, raw_connection
from kairan.store.queries import runs

SWITCH_SECONDS = 0.0005  # who writes mostly waits for the server: it must not wait for the reader's turn to end, too
GARBAGE = 100_000  # objects made between two searches for cycles: of 700, as by default, most live on for their window

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(slots=True)
class Passage:
    """One report that was read and is to be written, in its open transaction."""

    new: runs.NewRun
    ingest: Ingest
    transaction: ExitStack

    def write(self, clock: Callable[[], datetime]) -> Counts:
        """Write and commit. A lost race is tried again from where the report was read."""
        ingest = self.ingest
        with self.transaction:
            counts = tried(lambda: self._written(ingest.cursor.connection))
            runs.add_rejects(ingest.cursor, ingest.run, ingest.rejects)
            runs.finish(ingest.cursor, ingest.run, "done", counts.as_dict(), "", clock())
        return counts

    def _written(self, lane: Connection) -> Counts:
        with lane.transaction():  # a savepoint
            return self.ingest.write()


def hurry() -> None:
    """Set the interpreter up for reading many records. For good: two that import would set it back too early."""
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(GARBAGE, *gc.get_threshold()[1:])


@dataclass(slots=True)
class Relay:
    """Two connections and a thread that writes. Django's own connection is one of the two: nobody else may use it
    while a report is on its way. The other is opened when there is a report to read while one is written."""

    clock: Callable[[], datetime]
    _lanes: list[Connection] = field(default_factory=list)
    _writer: ThreadPoolExecutor | None = None
    _writing: tuple[Passage, "Future[Counts]"] | None = None

    def cursor(self) -> "psycopg.Cursor[tuple[Any, ...]]":
        """On a connection that no report is being written on."""
        with database():
            return psycopg.Cursor(self._free())

    def is_writing(self, content: bytes | None, part: int) -> bool:
        new = self._writing[0].new if self._writing else None
        return new is not None and (new.content, new.part) == (content, part)

    def hand_over(self, passage: Passage) -> None:
        """Have it written. The one before must have been waited for."""
        assert self._writing is None
        if self._writer is None:
            self._writer = ThreadPoolExecutor(1, "kairan-writer")
        self._writing = passage, self._writer.submit(passage.write, self.clock)

    def wait(self) -> tuple[Passage, Counts] | None:
        """Wait for the report that is being written, and tell what became of it."""
        if self._writing is None:
            return None
        (passage, future), self._writing = self._writing, None
        with database():
            return passage, future.result()

    def close(self) -> None:
        """What is being written is written to its end; what was only read is forgotten."""
        if self._writer is not None:
            self._writer.shutdown()
            self._writer = None
        self._writing = None
        for lane in self._lanes[1:]:
            lane.close()
        self._lanes.clear()

    def _free(self) -> Connection:
        taken = self._writing[0].ingest.cursor.connection if self._writing else None
        if not self._lanes:
            self._lanes.append(raw_connection())
        if taken is self._lanes[0]:
            if len(self._lanes) == 1:
                self._lanes.append(another())
            return self._lanes[1]
        return self._lanes[0]
