"""The carrier against the local Slack: told once, or known to be uncertain, and found again."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from kairan.destinations.slack.carrier import SlackCarrier
from kairan.destinations.slack.failures import CHANNEL, GONE, PASSING, UNKNOWN, WHOLE
from kairan.domain.errors import ConfigError
from kairan.interfaces import registry
from kairan.interfaces.destination import DeliveryError, LookError, Parcel, Receipt, Surroundings, UncertainError
from tests.slack.conftest import Cast
from tests.slack.server import Server
from tests.slack.world import APP_TOKEN, BOT_TOKEN, Message, World

SECRETS = {"env:BOT": BOT_TOKEN, "env:APP": APP_TOKEN}
Open = Callable[..., SlackCarrier]


@pytest.fixture
def settings(slack: Server) -> dict[str, object]:
    return {"bot_token": "env:BOT", "base_url": slack.url, "timeout": 3.0}


@pytest.fixture
def opened(settings: dict[str, object]) -> Open:
    kind = registry.destinations()["slack"]
    kind._channels.clear()  # type: ignore[attr-defined]

    def opened(*shared: str, **more: object) -> SlackCarrier:
        around = Surroundings(SECRETS.__getitem__, lambda: datetime.now(UTC), frozenset(shared))
        carrier = kind.open({**settings, **more}, around)
        assert isinstance(carrier, SlackCarrier)
        return carrier

    return opened


@pytest.fixture
def carrier(opened: Open) -> SlackCarrier:
    return opened()


@pytest.fixture
def since(world: World) -> datetime:
    return datetime.fromtimestamp(world.clock() - 60, UTC)


def _parcel(channel: str, text: str = "hello", **more: Any) -> Parcel:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]
    metadata = {"event_type": "kairan_delivery", "event_payload": {"purpose": "test"}}
    payload = {"text": text, "blocks": blocks, "metadata": metadata, "unfurl_links": False, "unfurl_media": False}
    return Parcel(str(uuid4()), channel, payload, **more)


def _only(messages: Iterator[Message] | list[Message]) -> Message:
    (one,) = messages
    return one


def test_a_post_carries_its_marker_and_gives_back_its_link(carrier: SlackCarrier, cast: Cast, world: World) -> None:
    parcel = _parcel(cast.team_1.id)
    receipt = carrier.send(parcel)
    post = _only(world.posts(cast.team_1.id))
    assert receipt.id == post.ts
    assert receipt.url == f"https://kairan-test.slack.com/archives/{cast.team_1.id}/p{post.ts.replace('.', '')}"
    assert post.metadata == {
        "event_type": "kairan_delivery",
        "event_payload": {"purpose": "test", "marker": parcel.marker},
    }
    assert post.arguments["unfurl_links"] is False
    assert (post.text, len(post.blocks)) == ("hello", 1)


def test_replies_hang_below_their_root_and_are_broadcast(carrier: SlackCarrier, cast: Cast, world: World) -> None:
    root = carrier.send(_parcel(cast.team_1.id))
    reply = carrier.send(_parcel(cast.team_1.id, "reply", root=root, broadcast=True))
    below = _only(world.thread(cast.team_1.id, root.id))
    assert below.broadcast
    assert reply.more["thread_ts"] == root.id
    carrier.send(_parcel(cast.team_1.id, "reply to the reply", root=reply))
    assert len(world.thread(cast.team_1.id, root.id)) == 2


def test_an_edit_changes_the_message_in_place(carrier: SlackCarrier, cast: Cast, world: World) -> None:
    root = carrier.send(_parcel(cast.team_1.id))
    assert carrier.send(_parcel(cast.team_1.id, "changed", root=root, edits=True)) == root
    assert _only(world.posts(cast.team_1.id)).text == "changed"


@pytest.mark.parametrize("kind", ["cut_after", "error_500_after", "garbage_after", "hang_after"])
def test_a_lost_answer_is_uncertain_and_is_found_by_its_marker(
    carrier: SlackCarrier, cast: Cast, world: World, slack: Server, since: datetime, kind: str
) -> None:
    slack.faults.hang = 5
    slack.faults.add("chat.postMessage", kind)
    parcel = _parcel(cast.team_1.id)
    with pytest.raises(UncertainError):
        carrier.send(parcel)
    assert len(world.called("chat.postMessage")) == 1, "no hidden retry"
    receipt = carrier.find(parcel, since)
    assert receipt is not None
    assert receipt.id == _only(world.posts(cast.team_1.id)).ts
    assert receipt.url


@pytest.mark.parametrize("kind", ["cut_before", "error_500_before", "hang_before"])
def test_what_never_arrived_is_not_found(
    carrier: SlackCarrier, cast: Cast, slack: Server, since: datetime, kind: str
) -> None:
    slack.faults.hang = 5
    slack.faults.add("chat.postMessage", kind)
    parcel = _parcel(cast.team_1.id)
    with pytest.raises(UncertainError):
        carrier.send(parcel)
    assert carrier.find(parcel, since) is None


def test_an_uncertain_reply_is_found_in_its_thread(
    carrier: SlackCarrier, cast: Cast, slack: Server, since: datetime
) -> None:
    root = carrier.send(_parcel(cast.team_1.id))
    slack.faults.add("chat.postMessage", "cut_after")
    parcel = _parcel(cast.team_1.id, "reply", root=root)
    with pytest.raises(UncertainError):
        carrier.send(parcel)
    found = carrier.find(parcel, since)
    assert found is not None
    assert found.more["thread_ts"] == root.id


def test_a_reply_that_fell_out_of_a_deleted_thread_is_found_in_the_channel(
    carrier: SlackCarrier, cast: Cast, world: World, slack: Server, since: datetime
) -> None:
    root = carrier.send(_parcel(cast.team_1.id))
    world.delete_message(cast.team_1.id, root.id)
    slack.faults.add("chat.postMessage", "cut_after")
    parcel = _parcel(cast.team_1.id, "reply", root=root)
    with pytest.raises(UncertainError):
        carrier.send(parcel)
    found = carrier.find(parcel, since)
    assert found is not None
    assert "alone" in found.more


def test_the_look_goes_on_to_the_last_page(
    carrier: SlackCarrier, cast: Cast, world: World, since: datetime, slack: Server
) -> None:
    slack.limits.scale = 0
    parcel = _parcel(cast.team_1.id)
    receipt = carrier.send(parcel)
    for number in range(450):
        world.add_message(cast.team_1, Message(world.ts(), str(number), [], cast.dev.id))
    found = carrier.find(parcel, since)
    assert found is not None
    assert found.id == receipt.id


def test_a_look_that_is_limited_says_nothing(carrier: SlackCarrier, cast: Cast, slack: Server, since: datetime) -> None:
    parcel = _parcel(cast.team_1.id)
    carrier.send(parcel)
    slack.faults.add("conversations.history", code="ratelimited", retry_after=7)
    with pytest.raises(LookError) as caught:
        carrier.find(parcel, since)
    assert caught.value.retry_after == timedelta(seconds=7)
    slack.faults.add("conversations.history", "cut_before")
    with pytest.raises(LookError):
        carrier.find(parcel, since)
    cast.team_1.members.clear()
    with pytest.raises(LookError, match="not_in_channel"):
        carrier.find(parcel, since)


def test_only_the_message_with_the_marker_is_found(carrier: SlackCarrier, cast: Cast, since: datetime) -> None:
    carrier.send(_parcel(cast.team_1.id))
    assert carrier.find(_parcel(cast.team_1.id), since) is None


def test_history_that_lags_is_why_uncertain_waits(
    carrier: SlackCarrier, cast: Cast, world: World, slack: Server, since: datetime
) -> None:
    world.lag = (5, 5)
    slack.faults.add("chat.postMessage", "cut_after")
    parcel = _parcel(cast.team_1.id)
    with pytest.raises(UncertainError):
        carrier.send(parcel)
    assert carrier.find(parcel, since) is None, "too early"
    world.clock.advance(registry.destinations()["slack"].settle.total_seconds())
    assert carrier.find(parcel, since) is not None


# --- what Slack refuses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "permanent", "whole", "gone"),
    [
        *((code, True, True, False) for code in sorted(WHOLE)),
        *((code, True, False, False) for code in sorted(CHANNEL)),
        *((code, True, False, True) for code in sorted(GONE)),
        *((code, False, False, False) for code in sorted(PASSING - {"ratelimited"})),
        ("message_limit_exceeded", False, True, False),
        ("invalid_blocks", True, False, False),
        ("msg_too_long", True, False, False),
        ("a_word_of_tomorrow", True, False, False),
    ],
)
def test_the_table_of_refusals(
    carrier: SlackCarrier, cast: Cast, slack: Server, world: World, code: str, permanent: bool, whole: bool, gone: bool
) -> None:
    slack.faults.add("chat.postMessage", code=code)
    with pytest.raises(DeliveryError) as caught:
        carrier.send(_parcel(cast.team_1.id))
    error = caught.value
    assert (error.permanent, error.whole, error.gone) == (permanent, whole, gone)
    assert code in str(error) or code == "message_limit_exceeded"
    assert not world.posts(cast.team_1.id)
    assert BOT_TOKEN not in str(error)


@pytest.mark.parametrize("code", sorted(UNKNOWN))
def test_a_failure_inside_slack_is_uncertain(carrier: SlackCarrier, cast: Cast, slack: Server, code: str) -> None:
    slack.faults.add("chat.postMessage", code=code)
    with pytest.raises(UncertainError):
        carrier.send(_parcel(cast.team_1.id))


def test_retry_after_is_handed_on(carrier: SlackCarrier, cast: Cast, slack: Server) -> None:
    slack.faults.add("chat.postMessage", code="ratelimited", retry_after=17)
    with pytest.raises(DeliveryError) as caught:
        carrier.send(_parcel(cast.team_1.id))
    assert (caught.value.retry_after, caught.value.permanent) == (timedelta(seconds=17), False)


def test_real_limits_of_a_channel_are_met_with_429(carrier: SlackCarrier, cast: Cast, slack: Server) -> None:
    slack.limits.strict = True
    carrier.send(_parcel(cast.team_1.id))
    with pytest.raises(DeliveryError) as caught:
        carrier.send(_parcel(cast.team_1.id))
    assert caught.value.retry_after
    assert slack.limits.refused == 1


def test_a_refused_block_is_named(carrier: SlackCarrier, cast: Cast) -> None:
    parcel = _parcel(cast.team_1.id)
    blocks = [{"type": "header", "text": {"type": "plain_text", "text": "x" * 200}}]
    bad = Parcel(parcel.marker, parcel.channel, {**parcel.payload, "blocks": blocks})
    with pytest.raises(DeliveryError, match=r"invalid_blocks.*blocks/0") as caught:
        carrier.send(bad)
    assert caught.value.permanent


def test_a_missing_scope_is_named(carrier: SlackCarrier, cast: Cast, world: World) -> None:
    world.scopes.discard("chat:write")
    with pytest.raises(DeliveryError, match="chat:write") as caught:
        carrier.send(_parcel(cast.team_1.id))
    assert caught.value.whole


def test_a_workspace_that_cannot_be_reached_is_no_doubt(
    settings: dict[str, object], opened: Open, cast: Cast, unused: str
) -> None:
    carrier = opened(cast.team_1.id, base_url=unused)
    with pytest.raises(DeliveryError) as caught:
        carrier.send(_parcel(cast.team_1.id))
    assert (caught.value.whole, caught.value.permanent) == (True, False)


@pytest.fixture
def unused() -> str:
    import socket

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listening.getsockname()[1]}/api/"


def test_a_workspace_that_is_down_sends_nothing_blindly(carrier: SlackCarrier, cast: Cast, world: World) -> None:
    world.is_down = True
    with pytest.raises(DeliveryError) as caught:  # the look at the channel fails before anything is sent
        carrier.send(_parcel(cast.team_1.id))
    assert (caught.value.whole, caught.value.permanent) == (True, False)
    world.is_down = False
    carrier.send(_parcel(cast.team_1.id))


def test_a_deleted_message_cannot_be_edited(carrier: SlackCarrier, cast: Cast, world: World) -> None:
    root = carrier.send(_parcel(cast.team_1.id))
    world.delete_message(cast.team_1.id, root.id)
    with pytest.raises(DeliveryError) as caught:
        carrier.send(_parcel(cast.team_1.id, root=root, edits=True))
    assert caught.value.gone


def test_a_message_is_told_although_its_link_cannot_be_had(carrier: SlackCarrier, cast: Cast, slack: Server) -> None:
    slack.faults.add("chat.getPermalink", "cut_before")
    receipt = carrier.send(_parcel(cast.team_1.id))
    assert receipt.id
    assert receipt.url == ""


# --- outsiders -----------------------------------------------------------------------------------------------------


def test_a_channel_with_outsiders_is_refused_unless_allowed_by_name(opened: Open, cast: Cast, world: World) -> None:
    cast.team_1.shared = True
    with pytest.raises(DeliveryError, match="shared_channels") as caught:
        opened().send(_parcel(cast.team_1.id))
    assert caught.value.permanent
    assert not world.called("chat.postMessage")
    assert opened(cast.team_1.id).send(_parcel(cast.team_1.id)).id


def test_many_channels_are_looked_up_in_one_call(carrier: SlackCarrier, world: World, cast: Cast) -> None:
    channels = [world.channel(f"team-{number}") for number in range(60)]
    for channel in channels:
        carrier.send(_parcel(channel.id))
    assert len(world.called("users.conversations")) == 1
    assert not world.called("conversations.info")


def test_a_channel_that_nobody_can_look_at_is_not_posted_to(
    carrier: SlackCarrier, cast: Cast, slack: Server, world: World
) -> None:
    slack.faults.add("users.conversations", code="ratelimited", retry_after=3)
    with pytest.raises(DeliveryError) as caught:
        carrier.send(_parcel(cast.team_1.id))
    assert caught.value.retry_after == timedelta(seconds=3)
    assert not world.posts(cast.team_1.id)


# --- settings and checks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "bot_token is missing"),
        ({"bot_token": "xoxb-1-real"}, "where a reference belongs"),
        ({"bot_token": "env:A", "app_token": "xapp-real"}, "app_token holds a value"),
        ({"bot_token": "env:A", "tokn": "x"}, "tokn"),
        ({"bot_token": "env:A", "timeout": "soon"}, "timeout"),
        ({"bot_token": "env:A", "timeout": 0}, "between 1 and 120"),
        ({"bot_token": "env:A", "base_url": "http://slack.example.com/"}, "https"),
        ({"bot_token": 5}, "reference"),
    ],
)
def test_wrong_settings_are_named(given: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        registry.destinations()["slack"].check_settings(given)
    assert "real" not in str(caught.value).replace("real token", "")


def test_a_complete_set_up_has_no_problems(opened: Open, cast: Cast) -> None:
    carrier = opened(app_token="env:APP")
    assert carrier.check() == []
    assert carrier.check_channels([cast.team_1.id, cast.security.id]) == []


def test_what_is_missing_is_named(opened: Open, cast: Cast, world: World) -> None:
    world.scopes.discard("groups:history")
    world.tokens[APP_TOKEN] = "invalid_auth"
    said = [each.what for each in opened(app_token="env:APP").check()]
    assert said == ["the scope groups:history is missing", "Socket Mode cannot be used (invalid_auth)"]
    cast.security.members.clear()
    cast.team_1.archived = True
    cast.team_2.shared = True
    channels = [cast.security.id, cast.team_1.id, cast.team_2.id, "C404"]
    said = [each.what for each in opened().check_channels(channels)]
    for found, word in zip(said, ("no member", "archived", "another company", "channel_not_found"), strict=True):
        assert word in found


def test_nobody_is_told_by_a_check(opened: Open, cast: Cast, world: World) -> None:
    carrier = opened(app_token="env:APP")
    carrier.check()
    carrier.check_channels([cast.team_1.id])
    assert not world.called("chat.postMessage")


def test_a_revoked_token_is_the_whole_destinations_trouble(carrier: SlackCarrier, cast: Cast, world: World) -> None:
    world.tokens[BOT_TOKEN] = "token_revoked"
    with pytest.raises(DeliveryError) as caught:
        carrier.send(_parcel(cast.team_1.id))
    assert (caught.value.whole, caught.value.permanent) == (True, True)
    assert "token_revoked" in carrier.check()[0].what


def test_an_unknown_receipt_leads_nowhere_else(carrier: SlackCarrier, cast: Cast, world: World) -> None:
    """A reply to what Slack never knew is a post of its own, and says so."""
    receipt = carrier.send(_parcel(cast.team_1.id, root=Receipt("1.000001")))
    assert "alone" in receipt.more
    assert len(world.posts(cast.team_1.id)) == 1


# --- people --------------------------------------------------------------------------------------------------------


def test_people_are_known_by_the_address_that_slack_attests(carrier: SlackCarrier, cast: Cast, world: World) -> None:
    watson, eve = carrier.someone(cast.psirt.id), carrier.someone(cast.stranger.id)
    assert (watson.email, watson.is_outsider) == ("watson@example.com", False)
    assert eve.is_outsider
    assert carrier.someone("U404").is_outsider
    cast.psirt.deleted = True
    assert carrier.someone(cast.psirt.id).is_outsider


def test_members_are_found_on_every_page(carrier: SlackCarrier, cast: Cast, world: World) -> None:
    crowd = [world.user(f"crowd{number:04d}") for number in range(1_500)]
    hall = world.channel("hall", *crowd)
    assert carrier.is_member(max(each.id for each in crowd), hall.id)
    assert not carrier.is_member(cast.dev.id, cast.security.id)


def test_answers_go_to_slack_only(carrier: SlackCarrier, cast: Cast, world: World, slack: Server) -> None:
    token = world.reply_token(cast.psirt.id, cast.security.id, "")
    carrier.respond(f"http://127.0.0.1:{slack.port}/actions/{token}", {"text": "done", "response_type": "ephemeral"})
    assert world.seen_by(cast.psirt.id)[0].text == "done"
    with pytest.raises(DeliveryError, match="not Slack's"):
        carrier.respond("http://169.254.169.254/latest/meta-data/", {"text": "x"})
