"""What the rounds of a torture did, and what went wrong."""

from collections import Counter
from dataclasses import dataclass, field

_OFTEN = 25  # rounds


@dataclass
class Tally:
    """`hit` counts faults that met something running; `skipped` kinds of rounds that this machine does not allow."""

    seed: int = 0
    rounds: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    hit: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    seconds: float = 0.0
    _said: int = 0  # of the failures, when it was last said how it goes

    def so_far(self) -> None:
        """Say how it goes, now and then: a run of hours that is stopped has told something all the same."""
        if self.rounds % _OFTEN == 0:
            print(f"{self.rounds} rounds so far, failures: {len(self.failures)}", flush=True)
        for failure in self.failures[self._said :]:
            print(f"  {failure}", flush=True)
        self._said = len(self.failures)

    def __str__(self) -> str:
        lines = [f"{self.rounds} rounds in {self.seconds:.0f} s, seed {self.seed}"]
        for kind, number in sorted(self.kinds.items()):
            met = f", {self.hit[kind]} met work" if self.hit[kind] else ""
            lines.append(f"  {kind}: {number}{met}")
        lines += [f"  SKIPPED {kind}: it needs root, to mount a small disk" for kind in self.skipped]
        return "\n".join([*lines, f"  failures: {len(self.failures)}", *self.failures])
