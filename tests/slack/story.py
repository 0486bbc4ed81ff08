"""Kairan and the local Slack together: the article's file in force, its alert read, jobs run, time moved by hand."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.slack.conftest import Cast
from tests.slack.people import People
from tests.slack.server import Server
from tests.slack.world import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, Channel, Message

START = datetime(2026, 11, 16, 0, 30, tzinfo=UTC)
SUMMARY = "Vulnerability in XXX"
GHSA = "GHSA-xxxx-xxxx-xxxx"


def article(cast: Cast, slack: Server, **more: Any) -> str:
    """The article's list, byte for byte, beside what says where Slack is."""
    settings = {"bot_token": "env:BOT", "app_token": "env:APP", "base_url": slack.url, "timeout": 3.0, "rate": 0.0}
    said = {
        "owner": "acme",
        "language": "ja",
        "time_zone": "Asia/Tokyo",
        "links": {"siem_discover": "https://siem.example.com/d?q={ghsaId}&from={from}&to={to}"},
        "destinations": [
            {
                "name": "slack",
                "kind": "slack",
                "channel": {"id": cast.security.id, "name": cast.security.name},
                "settings": settings | more.pop("settings", {}),
            }
        ],
    } | more
    repositories = "".join(
        f"  - name: repository_{number}\n    notify_channel: {each.name}\n    notify_channel_id: {each.id}\n"
        for number, each in enumerate((cast.team_1, cast.team_2), 1)
    )
    return "".join(f"{key}: {json.dumps(value)}\n" for key, value in said.items()) + f"repositories:\n{repositories}"


def alert(repository: str, *, state: str = "OPEN", at: datetime = START, **more: Any) -> dict[str, Any]:
    """One alert as the article's document holds it."""
    return {
        "number": 1,
        "state": state,
        "createdAt": "2026-11-15T20:00:00Z",
        "dismissedAt": None,
        "dependencyScope": "RUNTIME",
        "vulnerableManifestFilename": "Gemfile.lock",
        "vulnerableManifestPath": "Gemfile.lock",
        "vulnerableRequirements": "= 1.0.0",
        "securityAdvisory": {
            "ghsaId": GHSA,
            "summary": SUMMARY,
            "description": "Package XXX prior to 2.0.0 is vulnerable.",
            "severity": "CRITICAL",
            "identifiers": [{"type": "GHSA", "value": GHSA}],
            "permalink": f"https://github.com/advisories/{GHSA}",
            "references": [],
            "publishedAt": "2026-11-15T20:00:00Z",
            "updatedAt": "2026-11-15T20:00:00Z",
            "withdrawnAt": None,
        },
        "securityVulnerability": {
            "firstPatchedVersion": {"identifier": "2.0.0"},
            "package": {"ecosystem": "RUBYGEMS", "name": "XXX"},
            "severity": "CRITICAL",
            "updatedAt": "2026-11-15T20:00:00Z",
            "vulnerableVersionRange": "< 2.0.0",
        },
        "timestamp": at.isoformat(timespec="microseconds"),
        "id": f"{repository}/1",
        "repository": {
            "name": repository,
            "url": f"https://github.com/acme/{repository}",
            "notify_channel": "x",
            "notify_channel_id": "x",
        },
    } | more


class Story:
    """What a day of PSIRT looks like. `now` is everybody's clock, Slack's too."""

    def __init__(self, slack: Server, cast: Cast, folder: Path) -> None:
        self.slack, self.world, self.cast, self.people = slack, slack.world, cast, People(slack)
        self.folder, self.now = folder, START
        self.pass_()

    def clock(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)
        self.world.clock.set(self.now.timestamp())

    # --- Kairan ---------------------------------------------------------------------------------------------------

    def configure(self, text: str) -> None:
        from kairan.services import configuration
        from kairan.services.actor import Actor

        path = self.folder / "kairan.yaml"
        path.write_text(text)
        checked = configuration.check(path)
        assert not checked.complaints, checked.complaints
        configuration.apply(checked, Actor("test"), self.now)

    def read(self, *alerts: dict[str, Any]) -> None:
        """Take a day's document in, route, and send what there is to send."""
        from kairan.runtime import documents
        from kairan.runtime.object_store import Archive
        from kairan.services.intake import Intake, Options

        said = json.dumps({"alerts": list(alerts)}).encode()
        intake = Intake(Options(), Archive.configured(), self.clock)
        intake.read_one("run.json", documents.received("run.json", [said], self.now))
        self.work()

    def work(self) -> None:
        """All that waits: routing, presses, deliveries."""
        from kairan.services import deliver, route

        route.work(self.clock)
        self.run_presses()
        route.work(self.clock)
        deliver.work(self.clock, linger=timedelta())

    def run_presses(self) -> int:
        """Do the jobs of what was pressed, as a worker does."""
        from procrastinate.contrib.django.models import ProcrastinateJob

        from kairan.services import hearing
        from kairan.store.connection import raw_cursor

        jobs = list(ProcrastinateJob.objects.filter(task_name=hearing.HEAR, status="todo").order_by("id"))
        for job in jobs:
            hearing.do(job.args["destination"], job.args["action"], self.clock)
            raw_cursor().execute("DELETE FROM procrastinate_events WHERE job_id = %s", [job.id])
            raw_cursor().execute("DELETE FROM procrastinate_jobs WHERE id = %s", [job.id])
        return len(jobs)

    # --- Slack ----------------------------------------------------------------------------------------------------

    def posts(self, channel: Channel) -> list[Message]:
        return self.world.posts(channel.id)

    def post(self, channel: Channel) -> Message:
        (only,) = [each for each in self.posts(channel) if not each.thread_ts]
        return only

    def thread(self, channel: Channel) -> list[Message]:
        return self.world.thread(channel.id, self.post(channel).ts)

    def form(self) -> Message:
        return next(each for each in self.thread(self.cast.security) if "kairan.send_triage" in actions_of(each))

    def case(self) -> Any:
        from kairan.store.models import Case

        return Case.objects.get()


def actions_of(message: Message) -> list[str]:
    """The buttons of a message, by their action."""
    return [
        element["action_id"]
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
        if element["type"] == "button"
    ]


def text_of(message: Message) -> str:
    """All that stands in its blocks."""
    return json.dumps(message.blocks, ensure_ascii=False)


@contextmanager
def listening(slack: Server) -> Iterator[None]:
    """The real Bolt app over the real Socket Mode client, as the worker runs it."""
    from kairan.entrypoints.slack import Sockets

    sockets = Sockets(ping=0.5)
    sockets.follow()
    for _ in range(200):  # the handshake's last word is the server's
        if slack.socket.connections:
            break
        time.sleep(0.05)
    assert slack.socket.connections, "nobody connected"
    try:
        yield
    finally:
        _hang_up(sockets, slack)


def _hang_up(sockets: Any, slack: Server) -> None:
    """Close; from Slack's side first, or the client's reader sits out its three seconds."""
    for _settings, handler in sockets._open.values():
        handler.client.auto_reconnect_enabled = handler.client.default_auto_reconnect_enabled = False
        handler.client.current_session_state.terminated = True
    slack.call(slack.socket.cut())
    sockets.close()


@contextmanager
def secrets_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {"BOT": BOT_TOKEN, "APP": APP_TOKEN, "SIGN": SIGNING_SECRET}.items():
        monkeypatch.setenv(name, value)
    yield
