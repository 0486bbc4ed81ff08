"""The local Slack answers like Slack, and refuses what the published shapes refuse."""

import json
import threading
import time
from contextlib import suppress
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from tests.slack.conftest import Cast
from tests.slack.people import NotThere, People
from tests.slack.server import Server
from tests.slack.world import APP_TOKEN, BOT_TOKEN, World

FORM: list[dict[str, Any]] = [
    {"type": "section", "block_id": "head", "text": {"type": "mrkdwn", "text": "*トリアージ*"}},
    {
        "type": "input",
        "block_id": "teams",
        "label": {"type": "plain_text", "text": "Teams"},
        "element": {
            "type": "checkboxes",
            "action_id": "ticks",
            "options": [
                {"text": {"type": "plain_text", "text": "#team_1"}, "value": "C1"},
                {"text": {"type": "plain_text", "text": "#team_2"}, "value": "C2"},
            ],
        },
    },
    {
        "type": "input",
        "block_id": "message",
        "label": {"type": "plain_text", "text": "Message"},
        "element": {"type": "plain_text_input", "action_id": "text", "multiline": True, "initial_value": "Update"},
    },
    {
        "type": "actions",
        "block_id": "send",
        "elements": [
            {"type": "button", "action_id": "go", "value": "1", "text": {"type": "plain_text", "text": "Send"}},
        ],
    },
]


def _error(call: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        call()
    data = caught.value.response.data
    assert isinstance(data, dict)
    return data


@pytest.mark.parametrize(
    ("blocks", "where"),
    [
        ([{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}], "/blocks/0"),
        ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "/blocks/0"),
        ([{"type": "section", "text": {"type": "mrkdwn", "text": ""}}], "/blocks/0"),
        ([{"type": "section", "text": {"type": "mrkdwn", "text": "x"}, "colour": "red"}], "/blocks/0"),
        ([{"type": "marquee"}], "/blocks/0/type"),
        ([{"type": "divider"}] * 51, "/blocks"),
        ([{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}], "/blocks"),
        ([{**FORM[3], "elements": FORM[3]["elements"] * 2}], "/blocks"),
    ],
)
def test_blocks_that_slack_refuses_are_refused(client: WebClient, cast: Cast, blocks: Any, where: str) -> None:
    """The negative test: the validation is on."""
    said = _error(lambda: client.chat_postMessage(channel=cast.security.id, text="x", blocks=blocks))
    assert said["error"] == "invalid_blocks"
    assert where in said["response_metadata"]["messages"][0]
    assert not cast.security.messages


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("chat.postMessage", {"channel": "C1", "txt": "unknown argument", "text": "x"}),
        ("chat.postMessage", {"text": "no channel"}),
        ("chat.postMessage", {"channel": "C1"}),
        ("chat.postMessage", {"channel": "C1", "text": "x", "thread_ts": 1.5}),
        ("chat.update", {"channel": "C1", "text": "x"}),
        ("views.publish", {"user_id": "U1"}),
    ],
)
def test_calls_that_do_not_fit_the_contract_are_refused(client: WebClient, method: str, arguments: Any) -> None:
    assert _error(lambda: client.api_call(method, json=arguments))["error"] == "invalid_arguments"


def test_json_is_ignored_by_methods_that_read(client: WebClient, cast: Cast) -> None:
    said = _error(lambda: client.api_call("conversations.info", json={"channel": cast.security.id}))
    assert said["error"] == "invalid_arguments"
    assert client.conversations_info(channel=cast.security.id)["channel"]["name"] == "siem_alert_notification"


def test_a_reply_hangs_in_its_thread_and_a_broadcast_one_is_also_in_the_channel(client: WebClient, cast: Cast) -> None:
    root = client.chat_postMessage(channel=cast.team_1.id, text="root")["ts"]
    client.chat_postMessage(channel=cast.team_1.id, text="quiet", thread_ts=root)
    client.chat_postMessage(channel=cast.team_1.id, text="loud", thread_ts=root, reply_broadcast=True)
    in_channel = [m["text"] for m in client.conversations_history(channel=cast.team_1.id)["messages"]]
    in_thread = [m["text"] for m in client.conversations_replies(channel=cast.team_1.id, ts=root)["messages"]]
    assert in_channel == ["loud", "root"]
    assert in_thread == ["root", "quiet", "loud"]


def test_a_reply_to_a_deleted_message_falls_into_the_channel(client: WebClient, cast: Cast, world: World) -> None:
    root = client.chat_postMessage(channel=cast.team_1.id, text="root")["ts"]
    world.delete_message(cast.team_1.id, str(root))
    answer = client.chat_postMessage(channel=cast.team_1.id, text="orphan", thread_ts=root)
    assert "thread_ts" not in answer["message"]


def test_metadata_is_shown_on_request_only(client: WebClient, cast: Cast) -> None:
    metadata = {"event_type": "kairan_delivery", "event_payload": {"marker": "m"}}
    client.chat_postMessage(channel=cast.team_1.id, text="x", metadata=metadata)
    assert "metadata" not in client.conversations_history(channel=cast.team_1.id)["messages"][0]
    shown = client.conversations_history(channel=cast.team_1.id, include_all_metadata=True)["messages"][0]
    assert shown["metadata"] == metadata


def test_history_lags_behind(client: WebClient, cast: Cast, world: World) -> None:
    world.lag = (5, 5)
    client.chat_postMessage(channel=cast.team_1.id, text="x")
    assert client.conversations_history(channel=cast.team_1.id)["messages"] == []
    world.clock.advance(6)
    assert len(client.conversations_history(channel=cast.team_1.id)["messages"]) == 1


def test_pages_go_on_by_cursor(client: WebClient, cast: Cast, slack: Server) -> None:
    slack.limits.scale = 0
    for number in range(7):
        client.chat_postMessage(channel=cast.team_1.id, text=str(number))
    found, cursor = [], ""
    while True:
        page = client.conversations_history(channel=cast.team_1.id, limit=3, cursor=cursor or None)
        found += [m["text"] for m in page["messages"]]
        cursor = page["response_metadata"]["next_cursor"]
        if not cursor:
            break
    assert found == [str(number) for number in reversed(range(7))]


def test_too_many_messages_into_one_channel_are_slowed(client: WebClient, cast: Cast, slack: Server) -> None:
    slack.limits.strict = True
    client.chat_postMessage(channel=cast.team_1.id, text="x")
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=cast.team_1.id, text="y")
    assert caught.value.response.status_code == 429
    assert int(caught.value.response.headers["Retry-After"]) >= 1
    client.chat_postMessage(channel=cast.team_2.id, text="another channel is free")


def test_a_missing_scope_is_named(client: WebClient, world: World, cast: Cast) -> None:
    world.scopes.discard("chat:write")
    said = _error(lambda: client.chat_postMessage(channel=cast.team_1.id, text="x"))
    assert said["error"] == "missing_scope"
    assert said["needed"] == "chat:write"
    assert "chat:write" not in said["provided"]
    assert "chat:write" not in client.auth_test().headers["x-oauth-scopes"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"archived": True}, "is_archived"),
        ({"deleted": True}, "channel_not_found"),
        ({"members": set()}, "not_in_channel"),
        ({"members": set(), "private": True}, "channel_not_found"),
        ({"restricted": "restricted_action"}, "restricted_action"),
    ],
)
def test_channels_that_cannot_be_posted_to(client: WebClient, cast: Cast, change: dict[str, Any], error: str) -> None:
    for name, value in change.items():
        setattr(cast.team_1, name, value)
    assert _error(lambda: client.chat_postMessage(channel=cast.team_1.id, text="x"))["error"] == error


def test_a_token_is_needed_and_can_be_revoked(slack: Server, world: World) -> None:
    assert httpx.post(f"{slack.url}auth.test").json()["error"] == "not_authed"
    world.tokens[BOT_TOKEN] = "token_revoked"
    assert _error(WebClient(BOT_TOKEN, base_url=slack.url).auth_test)["error"] == "token_revoked"


def test_what_was_done_stays_done_when_the_answer_is_cut(client: WebClient, cast: Cast, slack: Server) -> None:
    slack.faults.add("chat.postMessage", "cut_before")
    with pytest.raises(OSError):
        client.chat_postMessage(channel=cast.team_1.id, text="x")
    assert not cast.team_1.messages
    slack.faults.add("chat.postMessage", "cut_after")
    with pytest.raises(OSError):
        client.chat_postMessage(channel=cast.team_1.id, text="x")
    assert len(cast.team_1.messages) == 1


def test_modals_need_a_fresh_trigger(client: WebClient, world: World, cast: Cast) -> None:
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Decide"}, "blocks": [{"type": "divider"}]}
    trigger = world.trigger(cast.psirt.id)
    client.views_open(trigger_id=trigger, view=view)
    assert _error(lambda: client.views_open(trigger_id=trigger, view=view))["error"] == "exchanged_trigger_id"
    late = world.trigger(cast.psirt.id)
    world.clock.advance(4)
    assert _error(lambda: client.views_open(trigger_id=late, view=view))["error"] == "expired_trigger_id"
    long = {**view, "title": {"type": "plain_text", "text": "x" * 25}}
    said = _error(lambda: client.views_open(trigger_id=world.trigger(cast.psirt.id), view=long))
    assert "view/title" in json.dumps(said["response_metadata"])


class Listener:
    """A real Socket Mode client that keeps what it gets."""

    def __init__(self, slack: Server, *, acks: bool = True) -> None:
        self.acks, self.got = acks, []
        web = WebClient(APP_TOKEN, base_url=slack.url)
        self.client = SocketModeClient(APP_TOKEN, web_client=web, ping_interval=1)
        self.client.socket_mode_request_listeners.append(self._hear)
        self.client.connect()
        self._wait_for(lambda: slack.socket.connections)

    def _hear(self, client: Any, request: SocketModeRequest) -> None:
        self.got.append(request)
        if self.acks:
            client.send_socket_mode_response(SocketModeResponse(request.envelope_id))

    def _wait_for(self, what: Any) -> None:
        for _ in range(200):
            if what():
                return
            time.sleep(0.02)
        raise AssertionError("it did not come")


@pytest.fixture
def listen(slack: Server) -> Any:
    made: list[Listener] = []

    def listen(**options: Any) -> Listener:
        made.append(Listener(slack, **options))
        return made[-1]

    yield listen
    for each in made:
        each.client.close()


def test_a_press_holds_every_field_of_the_message(
    client: WebClient, cast: Cast, people: People, world: World, listen: Any
) -> None:
    listener = listen()
    ts = client.chat_postMessage(channel=cast.security.id, text="form", blocks=FORM)["ts"]
    message = cast.security.messages[str(ts)]
    done = people.press(cast.psirt, cast.security, message, "go", {"ticks": ["C2"]})
    assert done.acked
    payload = listener.got[0].payload
    assert payload["state"]["values"]["teams"]["ticks"]["selected_options"][0]["value"] == "C2"
    assert payload["state"]["values"]["message"]["text"] == {"type": "plain_text_input", "value": "Update"}
    assert payload["actions"][0]["value"] == "1"
    httpx.post(payload["response_url"], json={"text": "only you see this"})
    assert world.seen_by(cast.psirt.id)[0].text == "only you see this"
    with pytest.raises(NotThere):
        people.press(cast.psirt, cast.security, message, "go", {"ticks": ["C9"]})


def test_an_event_that_nobody_acknowledged_goes_to_another_connection(
    cast: Cast, people: People, slack: Server, listen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.slack.socket_mode.ACK_SECONDS", 0.3)
    deaf = listen(acks=False)
    hearing = listen()
    for _ in range(2):
        people.open_home(cast.psirt)
    assert deaf.got, "one of the two went to the deaf one first"
    ids = {each.payload["event_id"] for each in hearing.got}
    assert len(ids) == 2
    assert any(each.retry_attempt for each in hearing.got)


def test_the_client_comes_back_after_a_refresh(slack: Server, cast: Cast, people: People, listen: Any) -> None:
    listener = listen()
    slack.call(slack.socket.refresh())
    listener._wait_for(lambda: slack.socket.greeted >= 2 and slack.socket.connections)
    assert people.open_home(cast.psirt).acked


def test_nobody_is_there_to_hear(cast: Cast, people: People) -> None:
    assert not people.command(cast.psirt, cast.security, "help").acked


def test_the_lock_is_not_held_while_a_call_hangs(client: WebClient, cast: Cast, slack: Server) -> None:
    slack.faults.hang = 0.5
    slack.faults.add("chat.postMessage", "hang_after")

    def post() -> None:
        with suppress(OSError):
            client.chat_postMessage(channel=cast.team_1.id, text="x")

    thread = threading.Thread(target=post)
    thread.start()
    while not slack.world.called("chat.postMessage"):
        time.sleep(0.01)
    client.chat_postMessage(channel=cast.team_2.id, text="meanwhile")
    thread.join()
    assert len(cast.team_1.messages) == len(cast.team_2.messages) == 1
