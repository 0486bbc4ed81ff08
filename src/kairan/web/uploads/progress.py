"""How far a reading is: the share, the rate, and about how much time is left."""

from dataclasses import dataclass
from datetime import datetime

from kairan.store.queries.uploads import Upload
from kairan.web.shown import duration

_SOON = 2.0  # seconds: before that, a rate says nothing


@dataclass(frozen=True, slots=True)
class Progress:
    """`rate` is per second; `left` in words; both empty as long as they cannot be told.

    `writing`: all records are read, and what they change is on its way into the store.
    """

    read: int
    total: int
    rate: int | None
    left: str
    writing: bool


def of(upload: Upload, now: datetime) -> Progress | None:
    """None where nothing is being read, or nothing of it is known yet."""
    if upload.state != "reading" or not upload.total:
        return None
    rate, left = None, ""
    writing = upload.read == upload.total and not upload.is_replay
    passed = (now - upload.started_at).total_seconds() if upload.started_at else 0.0
    if 0 < upload.read < upload.total and passed >= _SOON:
        rate = max(1, round(upload.read / passed))
        left = duration((upload.total - upload.read) * passed / upload.read)
    return Progress(upload.read, upload.total, rate, left, writing)
