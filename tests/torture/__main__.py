"""`make torture N=200 SEED=1`: many rounds; exits 1 when anything was broken."""

import argparse
import sys

from tests.torture.rounds import Rounds


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=200)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    tally = Rounds(given.rounds, given.seed).run()
    print(tally)
    return 1 if tally.failures else 0


if __name__ == "__main__":
    sys.exit(main())
