"""How often one person, or one address without a person, may ask: a token bucket for each.

The buckets live in this process. Where several processes serve, each counts for itself, and a restart fills them: they
keep a runaway script from taking the server from others, no more.
"""

import math
import threading
from dataclasses import dataclass, field

_MOST_BUCKETS = 10_000


@dataclass(frozen=True, slots=True)
class Standing:
    """A bucket after a request. `wait` is the time until the next request is answered, 0 if this one was."""

    limit: int
    remaining: int
    full_in: float
    wait: float

    @property
    def headers(self) -> dict[str, str]:
        """The fields of draft-ietf-httpapi-ratelimit-headers, and Retry-After where it is needed."""
        told = {
            "RateLimit-Policy": f'"minute";q={self.limit};w=60',
            "RateLimit": f'"minute";r={self.remaining};t={math.ceil(self.full_in)}',
        }
        return told | ({"Retry-After": str(math.ceil(self.wait))} if self.wait else {})


@dataclass(slots=True)
class Buckets:
    """`per_minute` requests at once, and as many again over each minute. 0: as many as one likes."""

    per_minute: int
    _filled: dict[str, tuple[float, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key: str, at: float) -> Standing | None:
        """Count one request at this instant (seconds of a clock that never goes back)."""
        if not self.per_minute:
            return None
        speed = self.per_minute / 60
        with self._lock:
            left, since = self._filled.get(key, (float(self.per_minute), at))
            left = min(self.per_minute, left + (at - since) * speed)
            answered = left >= 1
            left -= answered
            self._filled[key] = (left, at)
            if len(self._filled) > _MOST_BUCKETS:
                self._forget_full(at, speed)
        return Standing(
            self.per_minute, int(left), (self.per_minute - left) / speed, 0 if answered else (1 - left) / speed
        )

    def _forget_full(self, at: float, speed: float) -> None:
        """A full bucket is as good as none; if none is full, the fullest half goes."""
        full = [key for key, (left, since) in self._filled.items() if left + (at - since) * speed >= self.per_minute]
        by_room = sorted(self._filled, key=lambda key: -self._filled[key][0])
        for key in full or by_room[: _MOST_BUCKETS // 2]:
            del self._filled[key]
