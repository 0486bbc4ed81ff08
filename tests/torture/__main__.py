"""`make torture N=200 SEED=1 KINDS="kill web,full archive"`: many rounds; exits 1 when anything was broken."""

import argparse
import signal
import sys

from tests.torture import told
from tests.torture.kinds import KINDS
from tests.torture.rounds import Rounds


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=200)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--kinds", default="", help=f"separated by commas; all: {', '.join([*KINDS, told.NAME])}")
    given = options.parse_args()
    kinds = [name.strip() for name in given.kinds.split(",") if name.strip()]
    if unknown := {*kinds} - {*KINDS, told.NAME}:
        options.error(f"unknown kinds {sorted(unknown)}; there are: {', '.join([*KINDS, told.NAME])}")
    for each in (signal.SIGINT, signal.SIGTERM):  # also in the background: small disks are to be unmounted
        signal.signal(each, signal.default_int_handler)
    others = [name for name in kinds if name != told.NAME]
    failures = 0
    if told.NAME in kinds or not kinds:
        deliveries = told.Deliveries(given.rounds, given.seed)
        failures += len(deliveries.run().failures)
        print(deliveries.tally, deliveries, sep="\n", flush=True)
    if others or not kinds:
        tally = Rounds(given.rounds, given.seed, others).run()
        print(tally)
        failures += len(tally.failures)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
