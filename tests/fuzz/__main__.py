"""`make fuzz N=100000 SEED=1`: many inputs; exits 1 when one of them made more than a KairanError."""

import argparse
import sys

from tests.fuzz import campaign
from tests.fuzz.ground import ground


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--inputs", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--targets", default="", help="some of them, separated by commas")
    options.add_argument("--only", default="", help="one input again, as a crash names it: parsers/1234")
    given = options.parse_args()
    with ground() as targets:
        chosen = [each for each in targets if not given.targets or each.name in given.targets.split(",")]
        tally = campaign.run(chosen, given.inputs, given.seed, given.only)
    print(tally)
    return 1 if tally.crashed else 0


if __name__ == "__main__":
    sys.exit(main())
