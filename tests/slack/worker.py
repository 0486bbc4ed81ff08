"""A worker to be killed: Kairan's own, impatient. `python -m tests.slack.worker` on the data folder of KAIRAN_DATA."""

import asyncio
from datetime import timedelta

from kairan.entrypoints.running import store


def main() -> None:
    with store():
        from kairan.entrypoints import slack, worker
        from kairan.interfaces import registry
        from kairan.services import hearing

        registry.destinations()["slack"].__class__.settle = timedelta(seconds=3)  # type: ignore[misc]
        worker.TICK_SECONDS, worker.STALLED_SECONDS, hearing.LOST_AFTER = 1, 1, 12
        slack.LOOK_SECONDS, slack.PING_SECONDS = 0.5, 0.5
        print("ready", flush=True)
        asyncio.run(worker.work())


if __name__ == "__main__":
    main()
