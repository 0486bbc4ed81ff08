"""One snapshot on its way in: what reading it finds out and writing it needs."""

from dataclasses import dataclass, field
from datetime import datetime

from kairan.domain.counts import Counts
from kairan.store.queries.intake import LockedScope
from kairan.store.queries.staging import Cursor, Staging


@dataclass(slots=True)
class Snapshot:
    """One report's transaction: what it speaks of and when, and what is staged of it.

    Of its scopes (by id) `new` were never heard of, `late` know of something newer, `again` of this very instant;
    `adding` may add to what is stored of this instant, and `told_at_once` are told of by several reports of it.
    """

    cursor: Cursor
    run: int
    source: int
    parser_version: int
    as_of: datetime
    now: datetime
    counts: Counts = field(default_factory=Counts)
    replayed: set[tuple[int, datetime]] | None = None
    scopes: list[LockedScope] = field(default_factory=list)
    new: frozenset[int] = frozenset()
    late: frozenset[int] = frozenset()
    again: frozenset[int] = frozenset()
    adding: frozenset[int] = frozenset()
    told_at_once: frozenset[int] = frozenset()
    staging: Staging = field(init=False)
    windows: int = 0

    def __post_init__(self) -> None:
        self.staging = Staging(self.cursor)

    @property
    def newest(self) -> list[LockedScope]:
        """The scopes of which nothing newer is known, and nothing else of this instant."""
        known = self.late | self.again
        return [scope for scope in self.scopes if scope.id is not None and scope.id not in known]
