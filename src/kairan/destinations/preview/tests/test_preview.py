"""The preview keeps messages where they are, and draws them as Slack does."""

from datetime import UTC, datetime

import pytest

from kairan.destinations.preview import DESTINATION
from kairan.domain.errors import ConfigError
from kairan.domain.examples import example
from kairan.domain.message import Purpose
from kairan.interfaces import registry
from kairan.interfaces.destination import Interactive, Parcel, Receipt, Surroundings

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize("purpose", Purpose)
def test_it_draws_what_slack_would(purpose: Purpose) -> None:
    message = example(purpose, "ja")
    assert DESTINATION.render(message) == registry.destinations()["slack"].render(message)


def test_a_message_is_found_under_its_marker_and_an_edit_stays_the_message_it_edits() -> None:
    carrier = DESTINATION.open({}, Surroundings(lambda reference: reference, lambda: NOW))
    sent = carrier.send(Parcel("m-1", "psirt", {}))
    assert sent == Receipt("m-1", "/messages/m-1/")
    assert carrier.find(Parcel("m-1", "psirt", {}), NOW) == sent
    assert carrier.send(Parcel("m-2", "psirt", {}, sent, edits=True)) == sent
    assert carrier.check() == []
    carrier.close()


def test_it_has_no_settings() -> None:
    assert DESTINATION.check_settings({}) == {}
    with pytest.raises(ConfigError, match="token"):
        DESTINATION.check_settings({"token": "x"})


def test_it_can_be_acted_upon() -> None:
    assert isinstance(DESTINATION, Interactive)
