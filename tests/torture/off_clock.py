"""Runs the command line with a clock that jumps: `python -m tests.torture.off_clock SEED import REPORT`."""

import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from kairan.runtime import clock

_FARTHEST = 800.0  # days


def jumping(right: Callable[[], datetime], chance: Random) -> Callable[[], datetime]:
    """A clock that is off by something new about every third time it is looked at, for- or backward."""
    off = timedelta()

    def now() -> datetime:
        nonlocal off
        if chance.random() < 0.4:
            off = timedelta(days=chance.choice((0, 0.01, 1, _FARTHEST)) * chance.uniform(-1, 1))
        return right() + off

    return now


if __name__ == "__main__":
    clock.now = jumping(clock.now, Random(int(sys.argv.pop(1))))
    from kairan.entrypoints.cli import main

    main()
