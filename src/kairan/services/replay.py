"""Use case: read archived answers again, in the order of their time, through today's parsers. Tells nobody."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

from kairan.domain.errors import KairanError
from kairan.domain.finding import AssetRef
from kairan.runtime.documents import Document
from kairan.runtime.object_store import Archive, Description
from kairan.services.intake import Intake, Options, Result, Watcher

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def replay(
    archive: Archive,
    clock: Callable[[], datetime],
    watcher: Watcher,
    source: str | None = None,
    *,
    upload: int | None = None,
) -> Result:
    """Everything archived (of one source). What no longer can be read is named; the rest goes on.

    `upload` is the number under which it was asked for, if it was by page: its runs bear it.
    """
    total = Result()
    entries: list[tuple[str, Description]] = []
    for key, found in archive.descriptions():
        if isinstance(found, KairanError):
            total.files += 1
            Intake(Options(trigger="replay", upload=upload), archive, clock, watcher, total).fail(key, str(found))
        elif source in (None, found.source):
            entries.append((key, found))
    watcher.planned(len(entries))
    replayed: set[tuple[int, datetime]] = set()
    for key, description in sorted(
        entries, key=lambda entry: (entry[1].as_of or _EPOCH, entry[1].archived_at, entry[0])
    ):
        options = _options(description, upload)
        _one(archive, key, description, Intake(options, archive, clock, watcher, total, replayed))
    return total


def _one(archive: Archive, key: str, description: Description, intake: Intake) -> None:
    intake.result.files += 1
    intake.watcher.opened(description.name)
    try:
        data = archive.get(key)
        digest = hashlib.sha256(data).digest()
        intake.read(Document(description.name, memoryview(data), digest, description.modified), archived=key)
    except KairanError as error:
        intake.fail(description.name, str(error))


def _options(description: Description, upload: int | None) -> Options:
    asset = AssetRef(description.asset[0], description.asset[1], description.asset[1]) if description.asset else None
    given, complete = description.given_as_of, description.complete
    return Options(description.source, asset, given, complete, trigger="replay", upload=upload)
