"""Use case: read documents that people hand in: open, recognise, archive, ingest. One that fails stops no other."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from kairan.domain.asset import parse_asset
from kairan.domain.counts import Counts
from kairan.domain.errors import DatabaseError, SourceError
from kairan.domain.finding import AssetRef
from kairan.interfaces.source import Hints, Report, Source
from kairan.runtime import documents
from kairan.runtime.object_store import Archive, Description
from kairan.services import to_route
from kairan.services.ingest import Ingest
from kairan.services.races import database, tried
from kairan.services.recognise import recognise
from kairan.services.relay import Passage, Relay, hurry
from kairan.store.connection import raw_cursor
from kairan.store.queries import intake, runs

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
    _relay: Relay = field(init=False)
    _archived: tuple[bytes, str] = (b"", "")

    def __post_init__(self) -> None:
        self._relay = Relay(self.clock)

    def read_all(self, paths: Iterable[tuple[str, str | None]]) -> Result:
        """Read every input. What cannot be read is named, counted, and stops nothing."""
        with self._to_the_end():
            for name, problem in paths:
                if problem:
                    self.result.files += 1
                    self._fail(documents.written(name), problem)
                else:
                    self._read_one(documents.written(name), documents.opened(name))
        return self.result

    def read_one(self, name: str, opening: AbstractContextManager[documents.Document]) -> Result:
        """Open and read one input. What is wrong with it is named, counted and kept in a run."""
        with self._to_the_end():
            self._read_one(name, opening)
        return self.result

    def read(self, document: documents.Document, archived: str = "") -> None:
        """Recognise, archive and ingest one document."""
        with self._to_the_end():
            self._read(document, archived)

    def fail(self, name: str, reason: str) -> None:
        """One input could not be used: say so, keep it in a run, go on."""
        with self._to_the_end():
            self._fail(name, reason)

    @contextmanager
    def _to_the_end(self) -> Iterator[None]:
        """Whatever happens, nothing is left on its way; after a lost server Django connects anew."""
        hurry()
        try:
            with closing(self._relay):
                yield
                self._settle()
        except DatabaseError:
            connection.close()
            raise
        with database():
            to_route.wake_if_needed()  # what was left to the rules stands in their transactions; this only saves a wait

    def _fail(self, name: str, reason: str) -> None:
        self._settle()
        self.result.unreadable += 1
        self.result.errors.append((name, reason))
        self.watcher.failed(name, reason)
        now = self.clock()
        with database(), transaction.atomic():
            cursor = raw_cursor()
            options = self.options
            new = runs.NewRun(options.trigger, name, options=options.as_dict(), upload=options.upload)
            run = runs.begin(cursor, new, None, now)
            runs.finish(cursor, run, "failed", {}, reason, now)

    def _read_one(self, name: str, opening: AbstractContextManager[documents.Document]) -> None:
        self.result.files += 1
        self.watcher.opened(name)
        try:
            with opening as document:
                self._read(document)
        except SourceError as error:
            self._fail(name, str(error))

    def _read(self, document: documents.Document, archived: str = "") -> None:
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
        if counts := self._known(new):
            self.watcher.advance(report.size)
            self._note(new, source, counts)
        else:
            self._ingest(source, report, self._archive(new, document, source, now))

    def _known(self, new: runs.NewRun) -> Counts | None:
        """What the very same report counts for that was read before."""
        if self._relay.is_writing(new.content, new.part):
            self._settle()
        with database():
            known = None if self.replayed is not None else runs.same_report(self._relay.cursor(), new)
        return _said_again(*known) if known else None

    def _archive(self, run: runs.NewRun, document: documents.Document, source: Source, now: datetime) -> runs.NewRun:
        """The run with the key of its document in the archive, where it is put if it is not there."""
        if run.archived:
            return run
        if self._archived[0] != document.sha256:  # of many parts the first archives all
            with database():
                key = runs.archived_as(self._relay.cursor(), document.sha256, self.options.as_dict())
            self._archived = document.sha256, key or self._put(run, document, source, now)
        return replace(run, archived=self._archived[1])

    def _put(self, run: runs.NewRun, document: documents.Document, source: Source, now: datetime) -> str:
        asset = self.options.asset
        description = Description(
            source=source.kind,
            name=document.name,
            sha256=document.sha256.hex(),
            archived_at=now,
            as_of=run.as_of,
            given_as_of=self.options.as_of,
            modified=document.modified,
            asset=(asset.kind, asset.external_id) if asset else None,
            complete=self.options.complete,
        )
        return self.archive.put(description, source.redacted(document.data) or document.data)

    def _ingest(self, source: Source, report: Report, new: runs.NewRun) -> None:
        """Read it while the one before is written, then have it written."""
        with database():
            passage = tried(lambda: self._staged(source, report, new))
        with passage.transaction as undone:  # if the one before fails
            self._settle()
            self._relay.hand_over(replace(passage, transaction=undone.pop_all()))

    def _staged(self, source: Source, report: Report, new: runs.NewRun) -> Passage:
        now = self.clock()
        assert new.as_of is not None
        cursor = self._relay.cursor()
        with ExitStack() as stack:
            stack.enter_context(cursor.connection.transaction())
            source_id = intake.source_id(cursor, source.kind, source.kind, now)
            run = runs.begin(cursor, new, source_id, now)
            ingest = Ingest(cursor, run, source_id, source.parser_version, new.as_of, now, replayed=self.replayed)
            ingest.read(report, self.watcher.advance)
            return Passage(new, ingest, stack.pop_all())

    def _settle(self) -> None:
        """Wait for the report that is being written, and take in what became of it."""
        if (written := self._relay.wait()) is None:
            return
        passage, counts = written
        for reason, number in _by_reason(passage.ingest.rejects):
            self.watcher.rejected(passage.new.name, reason, number)
        self.result.counts.include(counts)

    def _note(self, new: runs.NewRun, source: Source, counts: Counts) -> None:
        """Keep in a run that the same was said again."""
        self._settle()
        self.result.counts.include(counts)
        now = self.clock()
        with database(), transaction.atomic():
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


def parse_options(source: str | None, asset: str | None, as_of: datetime | None, complete: bool | None) -> Options:
    """Options as a person types them. ConfigError names what is wrong."""
    return Options(source, parse_asset(asset) if asset else None, as_of, complete)
