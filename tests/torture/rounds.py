"""Rounds of imports, uploads and replays, each with a fault at a random moment.

After each round an independent reader holds the store against its invariants. At the end every report is imported
once more, in peace, and the store has to equal that of an undisturbed import.
"""

import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random

from tests.stores import look
from tests.torture import disks
from tests.torture.ground import Ground, ended, new_home, reader, start, temporary_folder, write_reports
from tests.torture.kinds import KINDS, ROOT_ONLY
from tests.torture.tally import Tally

OF_THEIR_TIME = {"cases", "parts", "places", "placed"}


class Rounds:
    """`number` rounds in a folder of their own, of these kinds (all), drawn by chance or `in_turn`."""

    def __init__(self, number: int, seed: int, kinds: Sequence[str] = (), *, in_turn: bool = False) -> None:
        wanted = kinds or [name for name, kind in KINDS.items() for _ in range(kind.weight)]
        self.kinds = [name for name in wanted if os.geteuid() == 0 or name not in ROOT_ONLY]
        self.number, self.seed, self.in_turn = number, seed, in_turn
        self.tally = Tally(seed, skipped=sorted({*wanted} - {*self.kinds}))

    def run(self) -> Tally:
        """All rounds, then the comparison with an undisturbed import."""
        started = time.monotonic()
        with temporary_folder() as folder, ExitStack() as mounted:
            ground = Ground(folder, self.tally)
            new_home(ground.home)
            if os.geteuid() == 0:
                disks.mount_all(mounted, ground, self.kinds)
            (folder / "reports").mkdir()
            ground.files = write_reports(folder / "reports", Random(self.seed), self.number + 2)
            ground.find_pace(*ground.files[:2])
            for number, fresh in enumerate(Random(self.seed).sample(ground.files[2:], self.number)):
                self._round(ground, number, fresh)
            self._complete(ground)
        self.tally.seconds = time.monotonic() - started
        return self.tally

    def _round(self, ground: Ground, number: int, fresh: Path) -> None:
        """A report never read before, so that there is something to interrupt. Its chance is its own."""
        chance = Random(f"{self.seed}/{number}")
        kind = self.kinds[number % len(self.kinds)] if self.in_turn else chance.choice(self.kinds)
        self.tally.rounds += 1
        self.tally.kinds[kind] += 1
        when = f"round {number} ({kind})"
        home, hit = KINDS[kind].run(ground, chance, fresh, when)
        self.tally.hit[kind] += hit
        ground.check(when, home)
        self.tally.so_far()

    def _complete(self, ground: Ground) -> None:
        """Import everything once more, and everything once into an empty store: both have to be the same.

        Cases tell when Kairan heard of something, which differs. But no finding may lack the place that it has in
        the undisturbed store; more are right: the tortured store saw severities come and go, and cases keep what they
        were opened for.
        """
        clean = new_home(ground.folder / "clean")
        for home in (ground.home, clean):
            for words in (("import", "--json", *ground.files), ("route", "--json")):
                code, out, err = ended(start(home, *words), 300 + 2 * self.number)
                if code != 0:
                    ground.fail("completing", f"exit {code}: {err[-400:]}{out[-200:]}")
        ground.check("after completing")
        with reader(ground.home) as tortured, reader(clean) as undisturbed:
            left, right = look(tortured), look(undisturbed)
        if lost := set(right["placed"]) - set(left["placed"]):
            ground.fail("in the end", f"open findings that no case holds, for example {sorted(lost)[:3]}")
        for view, rows in right.items():
            if view not in OF_THEIR_TIME and left[view] != rows:
                known = set(rows)
                odd = [row for row in left[view] if row not in known][:3]
                ground.fail("in the end", f"{view} differ from an undisturbed import, for example {odd}")
