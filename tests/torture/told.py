"""Deliveries under torture: workers killed at any moment, a destination that fails in every way; told exactly once.

Each round brings news, a worker more and other faults, and kills a worker. Every now and then there is peace until all
is settled; then the delivery table is compared with what the destination's server holds, by plain SQL.
"""

import threading
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import psycopg

from kairan.destinations.dummy.faults import MISHAPS, Dice, Faults
from kairan.destinations.dummy.ledger import Ledger
from kairan.destinations.dummy.server import DummyServer
from kairan.runtime import postgres
from tests.torture.compared import compare
from tests.torture.ground import ended, new_home, start, temporary_folder
from tests.torture.nursery import Nursery, Worker
from tests.torture.tally import Tally

NAME = "deliveries"
MOST_WORKERS = 3
MOST_NEWS = 4  # before the next kill
PEACE_EVERY = 25
PATIENCE = 240  # seconds until all is settled in peace


class Deliveries:
    """`number` rounds in a data folder of their own."""

    def __init__(self, number: int, seed: int) -> None:
        self.number, self.seed = number, seed
        self.tally = Tally(seed)
        self.workers: list[Worker] = []
        self.died: Counter[str] = Counter()
        self.people: Counter[str] = Counter()  # what was done beside

    def run(self) -> Tally:
        started = time.monotonic()
        with temporary_folder() as folder:
            home = new_home(folder / "home")
            ended(start(home, "migrate"))
            with postgres.serve(home) as url, psycopg.connect(url, autocommit=True) as reader:
                self._rounds(home, reader.cursor())
        self.tally.seconds = time.monotonic() - started
        return self.tally

    def _rounds(self, home: Path, reader: Any) -> None:
        server = DummyServer(0, Dice(self.seed, Faults()), Ledger())
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        nursery = Nursery(home, "tests.torture.deliverer")
        try:
            assert nursery.worker("--url", server.url, "--found").ended(PATIENCE) == 0
            for number in range(1, self.number + 1):
                self._round(nursery, server, reader, number)
                if number % PEACE_EVERY == 0 or number == self.number:
                    self._peace(nursery, server, reader, f"after round {number}")
                self.tally.so_far()
        finally:
            nursery.close()
            server.stopped.set()
            server.shutdown()
            server.server_close()

    def _round(self, nursery: Nursery, server: DummyServer, reader: Any, number: int) -> None:
        chance = Random(f"{self.seed}/{number}")
        server.dice.faults = _faults(chance)
        said = ("--url", server.url, "--seed", chance.getrandbits(31), "--news", chance.randint(5, 40))
        worker = nursery.worker(*said)
        self.workers.append(worker)
        if not worker.has_told(chance.randint(0, MOST_NEWS)):  # counted, so that as much happens on a fast machine
            self.tally.failures.append(f"round {number}: no news in a minute: {worker.said()[-800:]}")
        time.sleep(chance.uniform(0.1, 0.6))
        victims = [chance.choice(self.workers)] if chance.random() < 0.8 else list(self.workers)
        if len(self.workers) >= MOST_WORKERS:
            victims = list({*victims, self.workers[0]})
        met = self._kill(victims, server, reader, number)
        self.tally.rounds += 1
        self.tally.kinds[NAME] += 1
        self.tally.hit[NAME] += met
        _none_twice(self.tally, server, f"round {number}")

    def _kill(self, victims: list[Worker], server: DummyServer, reader: Any, number: int) -> bool:
        """Did one die between its claim and its commit? What it was sending stays `sending`."""
        for each in victims:
            each.kill()
        for each in victims:
            self._killed(each, f"round {number}")
        reader.execute("SELECT marker::text, sending_since FROM delivery WHERE state = 'sending'")
        before = {*reader.fetchall()}
        time.sleep(0.4)  # longer than a call of the living may take
        reader.execute("SELECT marker::text, sending_since FROM delivery WHERE state = 'sending'")
        left = [marker for marker, since in before & {*reader.fetchall()}]
        there = {each["marker"] for each in server.ledger.log()}
        for marker in left:
            self.died["after the call" if marker in there else "before the call"] += 1
        return bool(left)

    def _killed(self, worker: Worker, when: str) -> None:
        self.workers.remove(worker)
        if wrong := worker.killed():
            self.tally.failures.append(f"{when}: {wrong}")

    def _peace(self, nursery: Nursery, server: DummyServer, reader: Any, when: str) -> None:
        """No faults and one more worker, until all is settled."""
        server.dice.faults = Faults()
        one_more = nursery.worker("--url", server.url, "--peace")
        if code := one_more.ended(PATIENCE):
            self.tally.failures.append(f"{when}: exit {code}: {one_more.said()[-600:]}")
        for worker in [*self.workers]:
            self._killed(worker, when)
        reader.execute(
            "SELECT action, count(*) FROM audit WHERE action LIKE 'delivery.is%' OR action = 'config.apply' GROUP BY 1"
            " UNION ALL SELECT code, count(*) FROM case_event WHERE code IN ('merged', 'handed_over') GROUP BY 1"
        )
        self.people = Counter(dict(reader.fetchall()))
        for wrong in compare(reader, server):
            self.tally.failures.append(f"{when}: {wrong}")

    def __str__(self) -> str:
        died = ", ".join(f"{number} {when}" for when, number in sorted(self.died.items()))
        beside = ", ".join(f"{number} {what}" for what, number in sorted(self.people.items()))
        return f"  deliveries whose sender was killed: {died or 'none'}\n  beside: {beside or 'nothing'}"


def _none_twice(tally: Tally, server: DummyServer, when: str) -> None:
    counted = Counter(each["marker"] for each in server.ledger.log())
    tally.failures += [f"{when}: {marker} is there {number} times" for marker, number in counted.items() if number > 1]


def _faults(chance: Random) -> Faults:
    """Some of everything; the server stays within the lag it promises."""
    shares = {name: chance.choice((0.0, 0.0, 0.02, 0.05, 0.1)) for name in MISHAPS}
    late = chance.uniform(0, 1.0)
    return Faults(
        **shares,
        fail_look=chance.choice((0.0, 0.2)),
        latency=chance.choice((0.05, 0.15, 0.25)),
        hold=0.5,
        late=late,
        hidden=chance.uniform(0, 1.4 - late),
        retry_after=chance.choice((0.2, 1.0)),
    )
