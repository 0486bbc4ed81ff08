"""Many inputs, one after the other. Each is made from the seed and its own number alone, so that it can come again."""

import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from kairan.domain.errors import KairanError
from tests.fuzz.targets import Target


@dataclass
class Tally:
    """`read` were taken, `refused` answered with a KairanError, `crashes` with anything else."""

    seed: int
    read: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    crashes: dict[str, str] = field(default_factory=dict)
    crashed: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def inputs(self) -> int:
        return self.read.total() + self.refused.total() + self.crashed.total()

    def __str__(self) -> str:
        rate = self.inputs / max(self.seconds, 0.001)
        lines = [f"{self.inputs} inputs in {self.seconds:.0f} s ({rate:.0f}/s), seed {self.seed}"]
        names = sorted({*self.read, *self.refused})
        lines += [f"  {name}: {self.read[name]} read, {self.refused[name]} refused" for name in names]
        lines.append(f"  crashes: {self.crashed.total()} of {len(self.crashes)} kinds")
        for where, first in self.crashes.items():
            lines += [f"--- {self.crashed[where]} times: {where}", first]
        return "\n".join(lines)


def run(targets: Sequence[Target], inputs: int, seed: int, only: str = "") -> Tally:
    """`only` is one input: "parsers/1234"."""
    tally, started = Tally(seed), time.monotonic()
    for target, number in _plan(targets, inputs):
        if only in ("", f"{target.name}/{number}"):
            _one(target, number, tally)
    tally.seconds = time.monotonic() - started
    return tally


def _plan(targets: Sequence[Target], inputs: int) -> Iterator[tuple[Target, int]]:
    """Each target by its share, the same each time."""
    turns = [target for target in targets for _ in range(target.share)]
    Random(0).shuffle(turns)
    for number in range(inputs):
        yield turns[number % len(turns)], number


def _one(target: Target, number: int, tally: Tally) -> None:
    made = target.make(Random(f"{tally.seed}/{target.name}/{number}"))
    try:
        target.take(made)
    except KairanError:
        tally.refused[target.name] += 1
    except Exception as error:  # noqa: BLE001 - what this is all about
        where = f"{target.name}: {type(error).__name__} at {_place(error)}"
        tally.crashed[where] += 1
        tally.crashes.setdefault(where, _told(error, f"{target.name}/{number}", made))
    else:
        tally.read[target.name] += 1


def _place(error: Exception) -> str:
    """Where in our own code it was raised."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "kairan/" in frame.filename]
    last = frames[-1] if frames else traceback.extract_tb(error.__traceback__)[-1]
    return f"{last.filename.rpartition('src/')[2]}:{last.lineno}"


def _told(error: Exception, which: str, made: Any) -> str:
    shown = "".join(traceback.format_exception(error, limit=-6))[-2_500:]
    return f"input {which}, {made!a:.300}\n{shown}"
