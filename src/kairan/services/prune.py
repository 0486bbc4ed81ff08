"""Use case: throw away what is no longer needed. Run by the schedule, once a day."""

from datetime import datetime

from kairan.runtime.object_store import ORPHAN_GRACE, RETENTION, Archive
from kairan.store.connection import raw_cursor
from kairan.store.queries import runs


def prune(archive: Archive, now: datetime) -> dict[str, int]:
    """Archived answers that no run of the retention time refers to. Returns what went."""
    keep = runs.archived_keys(raw_cursor(), now - RETENTION)
    return {"archived answers": archive.prune(keep, now - ORPHAN_GRACE)}
