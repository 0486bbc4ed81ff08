"""`make torture N=200 SEED=1 KINDS="kill web,full archive"`: many rounds; exits 1 when anything was broken."""

import argparse
import signal
import sys

from tests.torture.kinds import KINDS
from tests.torture.rounds import Rounds


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=200)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--kinds", default="", help=f"separated by commas; all: {', '.join(KINDS)}")
    given = options.parse_args()
    kinds = [name.strip() for name in given.kinds.split(",") if name.strip()]
    if unknown := {*kinds} - {*KINDS}:
        options.error(f"unknown kinds {sorted(unknown)}; there are: {', '.join(KINDS)}")
    for each in (signal.SIGINT, signal.SIGTERM):  # also in the background: small disks are to be unmounted
        signal.signal(each, signal.default_int_handler)
    tally = Rounds(given.rounds, given.seed, kinds).run()
    print(tally)
    return 1 if tally.failures else 0


if __name__ == "__main__":
    sys.exit(main())
