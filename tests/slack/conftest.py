"""A local Slack per test. Skipped visibly where the contracts are not; failed where everything is required."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from slack_sdk import WebClient

from tests.slack import contract
from tests.slack.people import People
from tests.slack.server import Server, serve
from tests.slack.world import BOT_TOKEN, Channel, User, World

if TYPE_CHECKING:
    from tests.slack.story import Story


@pytest.fixture(autouse=True, scope="session")
def _contracts() -> None:
    if not contract.is_there():
        if os.environ.get("KAIRAN_REQUIRE_ALL") and contract.FOLDER.parent.parent.is_dir():
            pytest.fail(f"the contracts are missing at {contract.FOLDER}")
        pytest.skip(f"no contracts at {contract.FOLDER}")
    contract.is_method("chat.postMessage")  # read now: the first call would wait for it, which has a timeout
    contract.wrong_blocks([])


@pytest.fixture
def slack() -> Iterator[Server]:
    with serve() as server:
        yield server


@pytest.fixture
def world(slack: Server) -> World:
    return slack.world


@pytest.fixture
def people(slack: Server) -> People:
    return People(slack)


@pytest.fixture
def client(slack: Server) -> WebClient:
    return WebClient(BOT_TOKEN, base_url=slack.url, retry_handlers=[], timeout=5)


@dataclass
class Cast:
    """The article's people and channels: PSIRT's, two teams', and somebody from another company."""

    psirt: User
    dev: User
    stranger: User
    security: Channel
    team_1: Channel
    team_2: Channel


@pytest.fixture
def cast(world: World) -> Cast:
    psirt, dev = world.user("watson"), world.user("dev")
    stranger = world.user("eve", team="T0OTHER001")
    return Cast(
        psirt,
        dev,
        stranger,
        world.channel("siem_alert_notification", psirt, stranger),
        world.channel("team_1_channel", dev, psirt),
        world.channel("team_2_channel", dev),
    )


@pytest.fixture
def stage(store: None, slack: Server, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Iterator[Story]":
    """A story before it begins: nothing is configured, nothing is remembered of other tests, no limit slows it down."""
    from kairan.interfaces import registry
    from kairan.services import clickers
    from tests.slack.story import Story, secrets_in

    clickers.forget()
    registry.destinations()["slack"]._channels.clear()  # type: ignore[attr-defined]
    slack.limits.scale = 0
    with secrets_in(monkeypatch):
        yield Story(slack, cast, tmp_path)
