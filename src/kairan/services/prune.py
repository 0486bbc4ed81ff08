"""Use case: throw away what is no longer needed. Run by the schedule, once a day."""

from datetime import datetime, timedelta

from kairan.runtime.object_store import ORPHAN_GRACE, RETENTION, Archive
from kairan.services import accounts
from kairan.store.connection import raw_cursor
from kairan.store.queries import evidence, heard, runs, uploads

FAILED_KEPT = timedelta(days=1)
HEARD_KEPT = timedelta(days=2)  # what is said twice is said twice within hours


def prune(archive: Archive, now: datetime) -> dict[str, int]:
    """Archived answers that no run of the retention time refers to, uploads of before it, ways in that ended, and
    what chats said days ago.

    The document of a failed upload is kept for a day, so that it can be read again with other options; no longer, for
    it may hold secrets that were not taken out yet.
    """
    cursor = raw_cursor()
    forgotten = uploads.prune(cursor, now - RETENTION)
    uploads.let_go(cursor, now - FAILED_KEPT)
    keep = runs.archived_keys(cursor, now - RETENTION) | uploads.stored_keys(cursor) | evidence.stored_keys(cursor)
    return {
        "archived answers": archive.prune(keep, now - ORPHAN_GRACE),
        "uploads": forgotten,
        "ways in": accounts.prune(now),
        "heard": heard.prune(cursor, now - HEARD_KEPT),
    }
