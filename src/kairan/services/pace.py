"""When a reader is told, and as what: by itself, in a digest, or rolled up with what is too much for the hour.

Digests come at their times, also within quiet hours: somebody chose them. All else waits until these are over, but for
what people do.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from kairan.domain.reading_times import after_quiet, next_round, next_slot
from kairan.services.readers import Reader

HOUR = timedelta(hours=1)
Counted = Callable[[Reader, datetime], int]  # how many messages a reader's channel gets in the hour from then


@dataclass(frozen=True, slots=True)
class Turn:
    """What becomes of a message: `message` by itself; or it is gathered into a `digest` or `roll_up`."""

    kind: Literal["message", "digest", "roll_up"]
    at: datetime


@dataclass
class Pace:
    """How full the hours of channels are. `counted`: what was in them before anybody was told through this."""

    counted: Counted = lambda reader, hour: 0
    _used: Counter[tuple[str, str, datetime]] = field(default_factory=Counter)

    def post(self, reader: Reader, now: datetime, *, click: bool = False) -> Turn:
        """A case's own message. Where readers wish so it waits for a round, unless a person wants it now."""
        if reader.digest:
            return Turn("digest", next_slot(reader.digest, reader.zone, now))
        at = next_round(None if click else reader.start, reader.rounds, now)
        return self._within(reader, after_quiet(reader.quiet, reader.zone, at))

    def reply(self, reader: Reader, now: datetime, *, click: bool = False) -> Turn:
        """What is heard below it. What a person does is told at once."""
        if click:
            return Turn("message", now)
        return self._within(reader, after_quiet(reader.quiet, reader.zone, now))

    def _within(self, reader: Reader, at: datetime) -> Turn:
        """If the hour is not full, one more is in it now."""
        hour = hour_of(at)
        place = (*reader.lane, hour)
        if reader.ceiling is not None and place not in self._used:
            self._used[place] = self.counted(reader, hour)
        if reader.ceiling is not None and self._used[place] >= reader.ceiling:
            return Turn("roll_up", next_roll_up(reader, at))
        self._used[place] += 1
        return Turn("message", at)


def hour_of(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def next_roll_up(reader: Reader, at: datetime) -> datetime:
    """When what is too much for an hour is told: at its end, or where that is in quiet hours, after these."""
    return after_quiet(reader.quiet, reader.zone, hour_of(at) + HOUR)
