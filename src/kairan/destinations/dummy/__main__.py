"""`python -m kairan.destinations.dummy --port 8765 --seed 1 --faults '{"fail": 0.1}'`: serve until stopped."""

import argparse
import signal
import sys
from pathlib import Path

import msgspec

from kairan.destinations.dummy.faults import Dice, Faults
from kairan.destinations.dummy.ledger import Ledger
from kairan.destinations.dummy.server import DummyServer


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=8765, help="0: any that is free; it is printed")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--faults", default="{}", help="JSON; see README.md")
    options.add_argument("--file", type=Path, help="keep messages there; read them at the start")
    given = options.parse_args()
    try:
        faults = msgspec.json.decode(given.faults, type=Faults)
    except (ValueError, msgspec.MsgspecError) as error:
        options.error(f"--faults: {error}")
    server = DummyServer(given.port, Dice(given.seed, faults), Ledger(given.file))
    print(f"the dummy listens on {server.url}", flush=True)  # noqa: T201 - a program of its own
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        server.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        server.stopped.set()
        server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
