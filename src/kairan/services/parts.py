"""Records that make several findings (a package on three resources) have one outcome all the same.

It is the first that applies to one of their findings, in the order of `Outcome`.
"""

from dataclasses import dataclass, field

from kairan.domain.counts import Counts
from kairan.domain.finding import Observation


@dataclass(slots=True)
class Parts:
    """Numbers the records of one report that make several findings, as they come by, and counts each once."""

    counts: Counts
    number: int = 0
    rows: list[tuple[int, int, bytes, bool]] = field(default_factory=list)
    _position: str = ""

    def note(self, record: Observation, scope: int, key: bytes) -> None:
        """One finding of such a record. They follow each other and share its position."""
        if record.position != self._position:
            self._position = record.position
            self.number += 1
            if record.counted:
                self.counts.add_record(record.kind)
        if record.counted:
            self.rows.append((self.number, scope, key, record.open))

    def taken(self) -> list[tuple[int, int, bytes, bool]]:
        """(record, scope, key, is it open) of the findings noted since the last time."""
        rows, self.rows = self.rows, []
        return rows
