"""Worker and socket killed at any moment, while history lags and calls fail: nothing lost, nothing doubled.

`python -m tests.slack --rounds 500` plays that many; CI plays 25 (test_kills). Each press sends a triage message
with words of its own: what was acknowledged has to stand below the team's post once; what was not, at most once.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import psycopg

from kairan.runtime import postgres
from tests.slack.conftest import Cast
from tests.slack.people import People
from tests.slack.server import Server, serve
from tests.slack.story import alert, article, text_of
from tests.slack.world import APP_TOKEN, BOT_TOKEN, Message, World
from tests.torture.ground import ended, new_home, start, temporary_folder
from tests.torture.nursery import Nursery, Worker

SECRETS = {"BOT": BOT_TOKEN, "APP": APP_TOKEN}
PATIENCE = 180.0  # seconds until all is settled in peace
PRESSES = 3  # of a round


@dataclass
class Kills:
    """`said` are the words of each press -> was it acknowledged, and into which channels."""

    number: int
    seed: int = 1
    said: dict[str, tuple[bool, tuple[str, ...]]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)  # of the Web API, by what came of them
    deliveries: Counter[str] = field(default_factory=Counter)  # by state, at the end
    tell: Callable[[int, Counter[str]], None] = lambda _number, _met: None

    def run(self) -> "Kills":
        chance = Random(self.seed)
        with temporary_folder() as folder, serve(World(self.seed)) as slack:
            home = new_home(folder / "home")
            cast = _cast(slack.world)
            self._found(home, folder, slack, cast)
            with postgres.serve(home) as url, psycopg.connect(url, autocommit=True) as reader:
                nursery = Nursery(home, "tests.slack.worker", **SECRETS)
                try:
                    self._rounds(nursery, slack, cast, reader.cursor(), chance)
                finally:
                    nursery.close()
        return self

    def _found(self, home: Path, folder: Path, slack: Server, cast: Cast) -> None:
        """The article's file in force, its alert read and not told yet."""
        import json

        file, report = folder / "kairan.yaml", folder / "run.json"
        file.write_text(article(cast, slack, settings={"timeout": 1.0, "rate": 0.05}))
        report.write_text(json.dumps({"alerts": [alert("repository_1"), alert("repository_2")]}))
        for words in (("config", "apply", str(file)), ("import", "--json", str(report))):
            code, out, err = ended(start(home, *words, **SECRETS))
            assert code == 0, (words, out, err)

    def _rounds(self, nursery: Nursery, slack: Server, cast: Cast, reader: Any, chance: Random) -> None:
        slack.limits.scale = 20  # as many calls a minute as these rounds need; 429 comes now and then
        worker = self._begin(nursery, slack)
        form = _wait(lambda: _form(slack.world, cast), "the form")
        slack.world.lag, slack.faults.hang = (0, 1.0), 1.5
        for number in range(1, self.number + 1):
            worker = self._round(nursery, slack, cast, form, worker, number, chance)
            self.tell(number, self.met)
        self._peace(slack, reader)
        self._killed(worker)
        self._compare(slack.world, cast, reader)

    def _begin(self, nursery: Nursery, slack: Server) -> Worker:
        worker = nursery.worker()
        try:
            _wait(lambda: slack.socket.connections, "a connection")
        except AssertionError:
            worker.kill()
            raise AssertionError(f"the worker did not connect: {worker.said()[-2000:]}") from None
        return worker

    def _round(
        self, nursery: Nursery, slack: Server, cast: Cast, form: Message, worker: Worker, number: int, chance: Random
    ) -> Worker:
        slack.faults.chance = chance.choice((0.0, 0.1, 0.3))
        people, teams = People(slack), (cast.team_1, cast.team_2)
        for press in range(PRESSES):
            ticked = tuple(each.id for each in chance.sample(teams, chance.randint(1, 2)))
            words = f"message-{number}-{press}."
            values = {_boxes(form): list(ticked), "kairan.field.message": words}
            done = people.press(cast.psirt, cast.security, form, "kairan.send_triage", values)
            self.said[words] = (done.acked, ticked)
            self.met["acknowledged" if done.acked else "not heard"] += 1
            time.sleep(chance.random() * 0.2)
        return self._harm(nursery, slack, worker, chance)

    def _harm(self, nursery: Nursery, slack: Server, worker: Worker, chance: Random) -> Worker:
        what = chance.choice(("kill", "kill", "cut", "refresh", "nothing"))
        self.met[what] += 1
        time.sleep(chance.random() * 0.5)
        if what == "kill":
            self._killed(worker)
            slack.socket.connections.clear()
            return self._begin(nursery, slack)
        if what == "cut":
            slack.call(slack.socket.cut())
        elif what == "refresh":
            slack.call(slack.socket.refresh())
        return worker

    def _killed(self, worker: Worker) -> None:
        if wrong := worker.killed(may_log=True):
            self.failures.append(wrong)

    def _peace(self, slack: Server, reader: Any) -> None:
        slack.faults.chance = 0
        until = time.monotonic() + PATIENCE
        while waiting := _waiting(reader):
            if time.monotonic() > until:
                self.failures.append(f"not settled: {waiting}")
                return
            time.sleep(0.5)

    def _compare(self, world: World, cast: Cast, reader: Any) -> None:
        for words, (acked, ticked) in self.said.items():
            for channel in (cast.team_1, cast.team_2):
                there = sum(words in text_of(each) for each in channel.messages.values())
                most = int(channel.id in ticked)
                if there > most or (acked and there < most):
                    self.failures.append(f"{words} acked={acked}: {there} times in {channel.name}")
        posted = [call for call in world.called("chat.postMessage") if call.answer.get("ok")]  # edits change markers
        markers = Counter(call.args["metadata"]["event_payload"]["marker"] for call in posted)
        self.failures += [f"{marker} twice" for marker, times in markers.items() if times > 1]
        reader.execute("SELECT marker::text, state FROM delivery WHERE NOT edits")
        rows = dict(reader.fetchall())
        self.deliveries = Counter(rows.values())
        self.calls = Counter(str(call.answer.get("error") or "ok") for call in world.calls)
        self.failures += [
            f"{marker} is {state}" for marker, state in rows.items() if state not in {"sent", "cancelled"}
        ]
        sent = {marker for marker, state in rows.items() if state == "sent"}
        self.failures += [f"{marker} is sent and not there" for marker in sent - markers.keys()]
        late = [call for call in world.calls if call.answer.get("error") in {"invalid_blocks", "invalid_arguments"}]
        self.failures += [f"{call.method} was not valid: {call.answer}" for call in late[:3]]


def _cast(world: World) -> Cast:
    psirt, dev, stranger = world.user("watson"), world.user("dev"), world.user("eve", team="T0OTHER001")
    return Cast(
        psirt,
        dev,
        stranger,
        world.channel("siem_alert_notification", psirt),
        world.channel("team_1_channel", dev),
        world.channel("team_2_channel", dev),
    )


def _form(world: World, cast: Cast) -> Message | None:
    with world.lock:
        found = [each for each in cast.security.messages.values() if "kairan.send_triage" in text_of(each)]
        return found[0] if found and len(cast.team_1.messages) and len(cast.team_2.messages) else None


def _boxes(form: Message) -> str:
    return next(str(block["block_id"]) for block in form.blocks if "checkboxes" in str(block))


def _waiting(reader: Any) -> list[Any]:
    reader.execute(
        "SELECT 'delivery ' || state, count(*) FROM delivery"
        " WHERE state IN ('pending', 'sending', 'uncertain') GROUP BY 1"
        " UNION ALL SELECT 'press ' || status::text, count(*) FROM procrastinate_jobs"
        " WHERE task_name = 'kairan.hear' AND status IN ('todo', 'doing') GROUP BY 1"
    )
    return list(reader.fetchall())


def _wait(look: Any, what: str, seconds: float = 60) -> Any:
    until = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < until, f"{what} did not come"
        time.sleep(0.05)
    return found
