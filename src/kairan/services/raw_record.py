"""Use case: show what a source literally said of a finding: its records in the newest archived answer.

No copy of each record is kept in the store. The archived answer is read again by its source's parser of today, and
records are told by their sighting's key. That costs time, so it is bounded: by size, by time, one at once in a
process. Secrets' values were taken out before the answer was archived.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

import msgspec

from kairan.domain.errors import KairanError
from kairan.domain.finding import AssetRef, Observation, sighting_key
from kairan.domain.position import value_at
from kairan.interfaces import registry
from kairan.interfaces.source import Hints
from kairan.runtime.object_store import Archive
from kairan.store.queries import sighting_runs
from kairan.store.queries.sighting_runs import Archived, Said

MOST_BYTES = 64 << 20
MOST_SECONDS = 5.0
MOST_RECORDS = 20
MOST_SIGNS = 100_000
_one_at_once = threading.Lock()


class Why(StrEnum):
    """Why there is no raw record to show."""

    NOT_ARCHIVED = "not_archived"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    NOT_FOUND = "not_found"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its JSON, indented; `cut` where only its beginning. `whole` False: its place could not be found, so
    it is shown as Kairan read it."""

    position: str
    text: str
    cut: bool
    whole: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """`why` is set where nothing can be shown; `run` is the one that was looked at last."""

    source: str
    run: Archived | None
    records: Sequence[Record] = ()
    why: Why | None = None


class _TooSlowError(Exception):
    """The time is over."""


def find(archive: Archive, finding: int, sighting: int) -> Answer | None:
    """What the sighting's source said of it; None where the finding has no such sighting."""
    said = sighting_runs.sighting(sighting, finding)
    if said is None:
        return None
    runs = sighting_runs.runs_of(sighting)
    if not runs:
        return Answer(said.source, None, why=Why.NOT_ARCHIVED)
    if not _one_at_once.acquire(timeout=MOST_SECONDS):
        return Answer(said.source, runs[0], why=Why.BUSY)
    try:
        return _first_answer(archive, said, runs)
    finally:
        _one_at_once.release()


def _first_answer(archive: Archive, said: Said, runs: Sequence[Archived]) -> Answer:
    until = time.monotonic() + MOST_SECONDS
    answer = Answer(said.source, None, why=Why.NOT_FOUND)
    for run in runs:
        answer = _in_run(archive, said, run, until)
        if answer.records or answer.why is Why.TOO_SLOW:
            break
    return answer


def _in_run(archive: Archive, said: Said, run: Archived, until: float) -> Answer:
    try:
        data = archive.get(run.archived, MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            return Answer(said.source, run, why=Why.TOO_LARGE)
        found = list(islice(_matching(data, said, run, until), min(max(said.records, 1), MOST_RECORDS)))
    except _TooSlowError:
        return Answer(said.source, run, why=Why.TOO_SLOW)
    except KairanError:
        return Answer(said.source, run, why=Why.UNREADABLE)
    records = [_record(data, each) for each in found]
    return Answer(said.source, run, records, None if records else Why.NOT_FOUND)


def _matching(data: bytes, said: Said, run: Archived, until: float) -> Iterator[Observation]:
    source = registry.source(said.source_kind)
    for report in islice(source.reports(data, _hints(run)), run.part, run.part + 1):
        claims = [(claim.key, claim.kind.value) for claim in report.scopes]
        scopes = {at for at, claim in enumerate(claims) if claim == (said.scope_key, said.scope_kind)}
        for record in report.records():
            if time.monotonic() > until:
                raise _TooSlowError
            if isinstance(record, Observation) and record.scope in scopes and sighting_key(record) == said.key:
                yield record


def _hints(run: Archived) -> Hints:
    asset = run.options.get("asset")
    return Hints(AssetRef(asset[0], asset[1], asset[1]) if asset else None, run.options.get("complete"), run.name)


def _record(data: bytes, read: Observation) -> Record:
    raw = value_at(data, read.position)
    if raw is None and not set("[.") & set(read.position):
        raw = data  # the document is the record
    text = msgspec.json.format(raw or msgspec.json.encode(read), indent=2).decode("utf-8", "replace")
    return Record(read.position, text[:MOST_SIGNS], len(text) > MOST_SIGNS, raw is not None)
