"""What may go wrong with a request, and how often: settings of the dummy's server, drawn by a seeded chance."""

import random
import threading

import msgspec

from kairan.destinations.dummy.limits import MOST_LAG

Share = float  # of the requests, 0 to 1


class Faults(msgspec.Struct, forbid_unknown_fields=True):
    """Shares of the requests that change something (`fail_look`: of those that list), and how long things take.

    Seconds: `latency` at most before an answer, `hold` before a held connection is cut, `late` until a request that
    timed out is applied, `hidden` until a message is listed, `retry_after` what a 429 says.
    """

    fail: Share = 0.0  # 500, nothing is applied
    limit: Share = 0.0  # 429 with Retry-After
    limit_all: Share = 0.0  # the same, of the whole destination
    lose: Share = 0.0  # no answer, nothing is applied
    mute: Share = 0.0  # applied, no answer
    delay: Share = 0.0  # no answer, applied `late`
    cut_before: Share = 0.0  # the connection is cut, nothing is applied
    cut_after: Share = 0.0  # applied, the connection is cut
    garble: Share = 0.0  # applied, the answer is garbage
    fail_look: Share = 0.0
    latency: float = 0.0
    hold: float = 2.0
    late: float = 0.0
    hidden: float = 0.0
    retry_after: float = 1.0
    refused: list[str] = []  # channels that take nothing
    revoked: bool = False  # 401 to everything
    down: bool = False  # 503 to everything

    def __post_init__(self) -> None:
        if self.late + self.hidden > MOST_LAG:
            raise ValueError(f"late and hidden are more than {MOST_LAG} s together: more than is promised to Kairan")


MISHAPS = ("fail", "limit", "limit_all", "lose", "mute", "delay", "cut_before", "cut_after", "garble")


class Dice:
    """Says what goes wrong next. The same seed and faults draw the same."""

    def __init__(self, seed: int, faults: Faults) -> None:
        self._chance, self._lock, self.faults = random.Random(seed), threading.Lock(), faults  # noqa: S311

    def mishap(self) -> str:
        """One of MISHAPS, or "" where all goes well."""
        with self._lock:
            drawn = self._chance.random()
        for name in MISHAPS:
            drawn -= getattr(self.faults, name)
            if drawn < 0:
                return name
        return ""

    def happens(self, share: Share) -> bool:
        with self._lock:
            return self._chance.random() < share

    def seconds(self, most: float) -> float:
        with self._lock:
            return self._chance.uniform(0, most)
