"""What every destination promises, checked over every folder there is."""

import json
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from kairan.domain.errors import ConfigError
from kairan.domain.examples import example
from kairan.domain.message import Message, Purpose
from kairan.interfaces import registry
from kairan.interfaces.destination import Destination, Interactive, Parcel, Receipt, Surroundings

DESTINATIONS = sorted(registry.destinations().values(), key=lambda each: each.kind)
NOW = datetime(2026, 7, 1, tzinfo=UTC)
every = pytest.mark.parametrize("destination", DESTINATIONS, ids=lambda each: each.kind)


def folder(destination: Destination) -> Path:
    return Path(str(files(f"kairan.destinations.{destination.kind}")))


@every
def test_a_destination_says_who_it_is(destination: Destination) -> None:
    assert isinstance(destination, Destination)
    assert registry.destinations()[destination.kind] is destination
    assert destination.title
    assert destination.guarantee in {"exactly_once", "at_least_once"}
    assert timedelta() <= destination.settle <= timedelta(hours=1)
    assert timedelta() <= destination.pace <= timedelta(minutes=1)


@every
def test_a_destination_has_a_readme(destination: Destination) -> None:
    text = (folder(destination) / "README.md").read_text()
    assert len(text.splitlines()) < 100
    assert "uarantee" in text, "say whether a message arrives exactly or at least once"


@every
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("purpose", list(Purpose))
def test_every_message_is_drawn_as_json(destination: Destination, purpose: Purpose, language: str) -> None:
    message = example(purpose, language)
    payload = destination.render(message)
    assert payload
    assert json.loads(json.dumps(payload)) == msgspec.to_builtins(payload)
    assert destination.render(message) == payload, "the same message is drawn the same way"


@every
def test_a_message_as_empty_as_can_be_is_drawn(destination: Destination) -> None:
    assert json.dumps(destination.render(Message(Purpose.TEST, "en", "UTC")))


@every
def test_a_wrong_setting_is_named(destination: Destination) -> None:
    with pytest.raises(ConfigError, match="no_such_key"):
        destination.check_settings({"no_such_key": 1})


@every
def test_settings_that_were_checked_may_be_checked_again(destination: Destination) -> None:
    try:
        used = destination.check_settings({})
    except ConfigError:
        return  # it has keys that nobody else can know; they were named
    assert destination.check_settings(used) == used


@every
def test_foreign_payloads_are_no_actions(destination: Destination) -> None:
    if not isinstance(destination, Interactive):
        pytest.skip("nobody can act upon its messages")
    for payload in ({}, {"type": "event_callback"}, {"actions": [{"action_id": "of another app", "value": "1"}]}):
        assert destination.actions(payload) == []


def test_the_preview_keeps_a_message_under_its_marker_and_an_edit_under_its_roots() -> None:
    preview = registry.destinations()["preview"]
    carrier = preview.open({}, Surroundings(secret=str, now=lambda: NOW))
    marker, root = str(uuid4()), Receipt("root")
    assert carrier.send(Parcel(marker, "psirt", {"text": "x"})).id == marker
    assert carrier.send(Parcel(marker, "psirt", {"text": "x"}, root, edits=True)) == root
