"""What goes wrong: limits by tier, and faults that tests ask for or dice throw."""

from collections import defaultdict, deque
from dataclasses import dataclass, field

from tests.slack.methods import METHODS, TIERS
from tests.slack.world import World

# before: nothing happened. after: it was done, and the answer never came.
KINDS = ("cut_before", "cut_after", "hang_before", "hang_after", "error_500_before", "error_500_after", "garbage_after")


@dataclass
class Fault:
    """One fault of the next calls of a method ("*": any). `code`: an error that Slack gives instead."""

    method: str
    kind: str = ""
    code: str = ""
    times: int = 1
    retry_after: int = 0


@dataclass
class Faults:
    """`chance` of a random fault at methods that write and read; `hang` is how long a hanging answer takes."""

    world: World
    wanted: list[Fault] = field(default_factory=list)
    chance: float = 0
    hang: float = 30

    def add(self, method: str, kind: str = "", *, code: str = "", times: int = 1, retry_after: int = 0) -> None:
        assert kind in (*KINDS, ""), kind
        with self.world.lock:
            self.wanted.append(Fault(method, kind, code, times, retry_after))

    def next(self, method: str) -> Fault | None:
        with self.world.lock:
            for each in self.wanted:
                if each.method in {method, "*"} and each.times:
                    each.times -= 1
                    return each
            if self.chance and self.world.dice.random() < self.chance:
                return Fault(method, self.world.dice.choice(KINDS))
        return None


@dataclass
class Limits:
    """Calls a minute by the methods' tiers, and one message a second into a channel with a burst tolerated.

    `scale` 0: no limits; 0.5: half as many calls as Slack allows. `strict`: one second between messages, no burst.
    """

    world: World
    scale: float = 1
    burst: int = 5
    strict: bool = False
    refused: int = 0
    _calls: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def wait(self, method: str, channel: str) -> int:
        """How many seconds to wait, 0 none. A call that is let through counts."""
        if not self.scale:
            return 0
        now = self.world.clock()
        key, most, window = self._rule(method, channel)
        calls = self._calls[key]
        while calls and calls[0] <= now - window:
            calls.popleft()
        if len(calls) >= most:
            self.refused += 1
            return max(1, int(calls[0] + window - now) + 1)
        calls.append(now)
        return 0

    def _rule(self, method: str, channel: str) -> tuple[str, float, float]:
        if method == "chat.postMessage":
            burst = 1 if self.strict else self.burst
            return f"{method} {channel}", burst, burst / self.scale
        return method, TIERS[METHODS[method].tier] * self.scale, 60
