"""Use case: read documents that people hand in: open, recognise, archive, ingest. One that fails stops no other."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
from django.db import InterfaceError, OperationalError, connection, transaction

from kairan.domain.asset import parse_asset
from kairan.domain.counts import Counts
from kairan.domain.errors import DatabaseError, KairanError, SourceError
from kairan.domain.finding import AssetRef
from kairan.interfaces.source import Hints, Report, Source
from kairan.runtime import documents
from kairan.runtime.object_store import Archive, Description
from kairan.services.ingest import Ingest
from kairan.services.recognise import recognise
from kairan.store.connection import raw_cursor
from kairan.store.queries import intake, runs

TRIES = 6
FUTURE = timedelta(days=1)  # clocks differ; a scanner whose clock is off by more would stop all later reports


@dataclass(frozen=True, slots=True)
class Options:
    """What a person said of all documents of one import."""

    source: str | None = None
    asset: AssetRef | None = None
    as_of: datetime | None = None
    complete: bool | None = None
    trigger: str = "import"
    upload: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """What decides how the bytes are read; kept with the run."""
        asset = (self.asset.kind, self.asset.external_id) if self.asset else None
        as_of = self.as_of.isoformat() if self.as_of else None
        return {"source": self.source, "asset": asset, "as_of": as_of, "complete": self.complete}


class Watcher:
    """Is told how an import goes. The command line draws a bar; others keep silent."""

    def planned(self, documents: int) -> None: ...

    def opened(self, name: str) -> None: ...

    def report(self, title: str, size: int) -> None: ...

    def advance(self, records: int) -> None: ...

    def failed(self, name: str, reason: str) -> None: ...

    def rejected(self, name: str, reason: str, number: int) -> None: ...


@dataclass(slots=True)
class Result:
    """What an import did."""

    files: int = 0
    unreadable: int = 0
    counts: Counts = field(default_factory=Counts)
    errors: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Intake:
    """Reads documents one after the other. `replayed` are the scopes and instants a replay has met already."""

    options: Options
    archive: Archive
    clock: Callable[[], datetime]
    watcher: Watcher = field(default_factory=Watcher)
    result: Result = field(default_factory=Result)
    replayed: set[tuple[int, datetime]] | None = None

    def read_all(self, paths: Iterable[tuple[str, str | None]]) -> Result:
        """Read every input. What cannot be read is named, counted, and stops nothing."""
        for name, problem in paths:
            if problem:
                self.result.files += 1
                self.fail(documents.written(name), problem)
            else:
                self.read_one(documents.written(name), documents.opened(name))
        return self.result

    def read_one(self, name: str, opening: AbstractContextManager[documents.Document]) -> Result:
        """Open and read one input. What is wrong with it is named, counted and kept in a run."""
        self.result.files += 1
        self.watcher.opened(name)
        try:
            with opening as document:
                self.read(document)
        except SourceError as error:
            self.fail(name, str(error))
        return self.result

    def fail(self, name: str, reason: str) -> None:
        """One input could not be used: say so, keep it in a run, go on."""
        self.result.unreadable += 1
        self.result.errors.append((name, reason))
        self.watcher.failed(name, reason)
        now = self.clock()
        with _database(), transaction.atomic():
            cursor = raw_cursor()
            options = self.options
            new = runs.NewRun(options.trigger, name, options=options.as_dict(), upload=options.upload)
            run = runs.begin(cursor, new, None, now)
            runs.finish(cursor, run, "failed", {}, reason, now)

    def read(self, document: documents.Document, archived: str = "") -> None:
        """Recognise, archive and ingest one document."""
        source = recognise(document.data, self.options.source)
        hints = Hints(self.options.asset, self.options.complete, document.name)
        for part, report in enumerate(source.reports(document.data, hints)):
            self._take(document, source, report, part, archived)

    def _take(self, document: documents.Document, source: Source, report: Report, part: int, archived: str) -> None:
        now = self.clock()
        as_of = report.as_of or self.options.as_of or document.modified or now
        if as_of > now + FUTURE:
            raise SourceError(
                f"says it was made in the future ({as_of.isoformat()}): set the scanner's clock and scan again"
            )
        new = runs.NewRun(
            trigger=self.options.trigger,
            name=document.name,
            part=part,
            title=report.title,
            as_of=as_of,
            parser_version=source.parser_version,
            content=document.sha256,
            options=self.options.as_dict(),
            archived=archived,
            upload=self.options.upload,
        )
        self.watcher.report(report.title, report.size)
        with _database():
            known = None if self.replayed is not None else runs.same_report(raw_cursor(), new)
        if known:
            counts = _said_again(*known)
            self.watcher.advance(report.size)
        else:
            new = self._archived(new, document, source, as_of, now)
            counts = self._ingest(source, report, new)
        self._note(new, source, counts, recorded=not known)

    def _archived(
        self, run: runs.NewRun, document: documents.Document, source: Source, as_of: datetime, now: datetime
    ) -> runs.NewRun:
        if run.archived:
            return run
        with _database():
            key = runs.archived_as(raw_cursor(), document.sha256, self.options.as_dict())
        if not key:
            asset = self.options.asset
            description = Description(
                source=source.kind,
                name=document.name,
                sha256=document.sha256.hex(),
                archived_at=now,
                as_of=as_of,
                given_as_of=self.options.as_of,
                modified=document.modified,
                asset=(asset.kind, asset.external_id) if asset else None,
                complete=self.options.complete,
            )
            key = self.archive.put(description, source.redacted(document.data) or document.data)
        return runs.NewRun(**{name: getattr(run, name) for name in run.__slots__} | {"archived": key})

    def _ingest(self, source: Source, report: Report, new: runs.NewRun) -> Counts:
        for attempt in range(TRIES):
            try:
                with _database(), transaction.atomic():
                    return self._ingest_once(source, report, new)
            except _LostRaceError:
                if attempt == TRIES - 1:
                    raise
                time.sleep(0.05 * 2**attempt)
        raise AssertionError("unreachable")

    def _ingest_once(self, source: Source, report: Report, new: runs.NewRun) -> Counts:
        now = self.clock()
        assert new.as_of is not None
        cursor = raw_cursor()
        source_id = intake.source_id(cursor, source.kind, source.kind, now)
        run = runs.begin(cursor, new, source_id, now)
        one = Ingest(cursor, run, source_id, source.parser_version, new.as_of, now, replayed=self.replayed)
        counts = one.take(report, self.watcher.advance)
        runs.add_rejects(cursor, run, one.rejects)
        runs.finish(cursor, run, "done", counts.as_dict(), "", self.clock())
        for reason, number in _by_reason(one.rejects):
            self.watcher.rejected(new.name, reason, number)
        return counts

    def _note(self, new: runs.NewRun, source: Source, counts: Counts, *, recorded: bool) -> None:
        self.result.counts.include(counts)
        if recorded:
            return
        now = self.clock()
        with _database(), transaction.atomic():
            cursor = raw_cursor()
            run = runs.begin(cursor, new, intake.source_id(cursor, source.kind, source.kind, now), now)
            runs.finish(cursor, run, "done", counts.as_dict(), "", now)


def _said_again(before: Mapping[str, Any], late: bool) -> Counts:
    """The same bytes once more: every record is where it was."""
    counts = Counts(stale=int(late))
    counts.records.update(before["records"])
    same = sum(before[name] for name in ("opened", "reopened", "changed", "unchanged"))
    merged, closed = before["merged"], before["closed"]
    counts.outcomes.update(unchanged=same, merged=merged, closed=closed)
    if late:
        counts.outcomes.update(unchanged=same + merged + closed, merged=0, closed=0)
    return counts


def _by_reason(rejects: list[Any]) -> Iterator[tuple[str, int]]:
    numbers: dict[str, int] = {}
    for each in rejects:
        numbers[each.reason] = numbers.get(each.reason, 0) + 1
    yield from sorted(numbers.items())


class _LostRaceError(KairanError):
    """The transaction was lost to another one; it can be tried again."""


@contextmanager
def _database() -> Iterator[None]:
    """Name database errors for what they are: a lost race is tried again, a lost server is said."""
    try:
        yield
    except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure, psycopg.errors.UniqueViolation) as e:
        raise _LostRaceError(f"other imports were in the way every time: {e}") from None
    except (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError) as error:
        if isinstance(error.__cause__, psycopg.errors.DeadlockDetected):
            raise _LostRaceError("other imports were in the way every time") from None
        connection.close()
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise DatabaseError(f"the database went away ({first}): run the command again, nothing is half done") from None


def parse_options(source: str | None, asset: str | None, as_of: datetime | None, complete: bool | None) -> Options:
    """Options as a person types them. ConfigError names what is wrong."""
    return Options(source, parse_asset(asset) if asset else None, as_of, complete)
