"""A worker to be killed: Kairan's own, impatient. On the store of its nursery (tests.torture.nursery)."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from kairan.entrypoints import slack, worker
from kairan.interfaces import registry
from kairan.services import hearing

_slack = registry.destinations()["slack"]


def run(_words: Sequence[str]) -> None:
    _slack.__class__.settle = timedelta(seconds=3)  # type: ignore[misc]
    worker.TICK_SECONDS, worker.STALLED_SECONDS, hearing.LOST_AFTER = 1, 1, 12
    slack.LOOK_SECONDS, slack.PING_SECONDS = 0.5, 0.5
    asyncio.run(worker.work())
