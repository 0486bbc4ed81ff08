"""What people do in Slack: press, tick, submit, type a command. Payloads are made as Slack makes them.

https://docs.slack.dev/reference/interaction-payloads
"""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.slack import contract
from tests.slack.methods import as_view, push_view, replace_view
from tests.slack.server import Server
from tests.slack.socket_mode import Envelope
from tests.slack.world import (
    APP,
    SIGNING_SECRET,
    TEAM,
    Channel,
    Message,
    User,
    View,
    World,
    as_message,
)

Values = Mapping[str, Any]
Payload = dict[str, Any]


class NotThere(AssertionError):  # noqa: N818
    """No person could have done this: the button or the option is not there."""


@dataclass
class Done:
    """What came of it. `acked` False: Slack told the person that the app did not answer."""

    payload: Payload
    acked: bool
    answer: Payload
    took: float


def _elements(blocks: list[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for block in blocks:
        for element in contract.elements(block):
            yield block.get("block_id", ""), element


def _initial(element: dict[str, Any]) -> Any:
    kind = element["type"]
    if kind in {"checkboxes", "multi_static_select"}:
        return [each["value"] for each in element.get("initial_options", [])]
    if kind in {"radio_buttons", "static_select"}:
        return (element.get("initial_option") or {}).get("value")
    return element.get({"datepicker": "initial_date", "users_select": "initial_user"}.get(kind, "initial_value"))


def _state(element: dict[str, Any], value: Any) -> dict[str, Any]:
    """A stateful element's entry in state.values. What is chosen is one of its options, as it stands there."""
    kind = element["type"]
    options = element.get("options") or [o for group in element.get("option_groups", []) for o in group["options"]]
    chosen = {each["value"]: each for each in options}
    try:
        if kind in {"checkboxes", "multi_static_select"}:
            return {"type": kind, "selected_options": [chosen[each] for each in value or []]}
        if kind in {"radio_buttons", "static_select"}:
            return {"type": kind, "selected_option": chosen[value] if value is not None else None}
    except KeyError as error:
        raise NotThere(f"there is no option {error}; there are {list(chosen)}") from None
    name = {"datepicker": "selected_date", "users_select": "selected_user"}.get(kind, "value")
    return {"type": kind, name: value or None}


def values_of(blocks: list[Any], values: Values) -> dict[str, Any]:
    """`state.values` of a message or view: every stateful element, with what stands in it now.

    `values` is by block id, or by action id: what the person ticked or typed; the rest is as it was at first.
    """
    found: dict[str, Any] = {}
    missing = set(values)
    for block_id, element in _elements(blocks):
        if element.get("type") in contract.STATEFUL:
            action = element.get("action_id", "")
            missing -= {block_id, action}
            value = values.get(block_id, values.get(action, _initial(element)))
            found.setdefault(block_id, {})[action] = _state(element, value)
    if missing:
        raise NotThere(f"there is no field {sorted(missing)}")
    return found


class People:
    """Somebody at a keyboard, in the workspace of `server`."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.world: World = server.world

    # -- messages -----------------------------------------------------------------------------------------------

    def press(
        self, user: User, channel: Channel, message: Message, action: str, values: Values | None = None, value: str = ""
    ) -> Done:
        """Press the button `action` (several of the name: the one with `value`) below a message."""
        payload = self.pressed(user, channel, message, action, values, value)
        return self.tell("interactive", payload)

    def pressed(
        self, user: User, channel: Channel, message: Message, action: str, values: Values | None = None, value: str = ""
    ) -> Payload:
        """The payload of it. https://docs.slack.dev/reference/interaction-payloads/block_actions-payload"""
        with self.world.lock:
            block_id, element = _button(message.blocks, action, value)
            state = values_of(message.blocks, values or {})
            link = self.world.reply_token(user.id, channel.id, message.ts)
            shown = as_message(message, self.world, channel, metadata=True)
            container = {"type": "message", "message_ts": message.ts, "channel_id": channel.id, "is_ephemeral": False}
            if message.thread_ts:
                container["thread_ts"] = message.thread_ts
            return {
                **self._who(user, "block_actions"),
                "container": container,
                "trigger_id": self.world.trigger(user.id),
                "channel": {"id": channel.id, "name": channel.name},
                "message": shown,
                "state": {"values": state},
                "response_url": f"http://127.0.0.1:{self.server.port}/actions/{link}",
                "actions": [_acted(block_id, element, self.world.ts())],
            }

    def press_in_view(self, user: User, view: View, action: str, value: str = "") -> Done:
        """Press a button in a modal or on the home tab."""
        with self.world.lock:
            block_id, element = _button(view.body["blocks"], action, value)
            payload = self._in_view(user, view, _acted(block_id, element, self.world.ts()), {})
        return self.tell("interactive", payload)

    def choose(self, user: User, view: View, block_id: str, values: Values) -> Done:
        """Choose in a field of a modal. Slack tells of it only where the field says `dispatch_action`."""
        with self.world.lock:
            block = next(each for each in view.body["blocks"] if each["block_id"] == block_id)
            if not block.get("dispatch_action"):
                raise NotThere(f"nobody is told of what is chosen in {block_id}")
            element = block["element"]
            state = values_of(view.body["blocks"], values)
            acted = {**_acted(block_id, element, self.world.ts()), **state[block_id][element["action_id"]]}
            payload = self._in_view(user, view, acted, values)
        return self.tell("interactive", payload)

    def _in_view(self, user: User, view: View, acted: Payload, values: Values) -> Payload:
        """https://docs.slack.dev/reference/interaction-payloads/block_actions-payload"""
        return {
            **self._who(user, "block_actions"),
            "container": {"type": "view", "view_id": view.id},
            "trigger_id": self.world.trigger(user.id),
            "view": {**as_view(view), "state": {"values": values_of(view.body["blocks"], values)}},
            "actions": [acted],
        }

    # -- modals -------------------------------------------------------------------------------------------------

    def views_of(self, user: User) -> list[View]:
        """The modals that stand open before somebody, the newest last."""
        with self.world.lock:
            return [each for each in self.world.views.values() if each.user == user.id and not each.closed]

    def submit(self, user: User, view: View, values: Values | None = None) -> Done:
        """Submit a modal. Slack itself keeps people from leaving a required field empty."""
        done = self.tell("interactive", self.submitted(user, view, values))
        if done.acked:
            self._after(user, view, done.answer)
        return done

    def submitted(self, user: User, view: View, values: Values | None = None) -> Payload:
        """The payload of it. https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload"""
        with self.world.lock:
            state = values_of(view.body["blocks"], values or {})
            _check_required(view.body["blocks"], state)
            return {
                **self._who(user, "view_submission"),
                "trigger_id": self.world.trigger(user.id),
                "view": {**as_view(view), "state": {"values": state}},
                "response_urls": [],
            }

    def _after(self, user: User, view: View, answer: Payload) -> None:
        """What the app's answer does to the modal."""
        with self.world.lock:
            kind = answer.get("response_action", "")
            if kind in {"update", "push"}:
                assert not contract.wrong_view(answer["view"]), contract.wrong_view(answer["view"])
            if kind == "errors":
                fields = {block["block_id"] for block in view.body["blocks"] if block["type"] == "input"}
                assert answer["errors"].keys() <= fields, "Slack ignores errors at what is no input block"
                view.errors = answer["errors"]
            elif kind == "update":
                replace_view(self.world, view, answer["view"])
            elif kind == "push":
                push_view(self.world, user.id, answer["view"], view)
            elif kind == "clear":
                for each in self.views_of(user):
                    each.closed = True
            else:
                view.closed = True

    # -- the rest -----------------------------------------------------------------------------------------------

    def command(self, user: User, channel: Channel, text: str, name: str = "/kairan") -> Done:
        """Type a slash command. https://docs.slack.dev/interactivity/implementing-slash-commands"""
        link = self.world.reply_token(user.id, channel.id, "")
        payload = {
            "token": "legacy",
            "team_id": user.team,
            "team_domain": "kairan-test",
            "channel_id": channel.id,
            "channel_name": channel.name,
            "user_id": user.id,
            "user_name": user.name,
            "command": name,
            "text": text,
            "api_app_id": APP,
            "is_enterprise_install": "false",
            "response_url": f"http://127.0.0.1:{self.server.port}/actions/{link}",
            "trigger_id": self.world.trigger(user.id),
        }
        return self.tell("slash_commands", payload)

    def home_of(self, user: User) -> View:
        """What they see on the app's home."""
        with self.world.lock:
            if user.id not in self.world.homes:
                raise NotThere(f"nothing was published for {user.name}")
            return self.world.homes[user.id]

    def open_home(self, user: User) -> Done:
        """https://docs.slack.dev/reference/events/app_home_opened"""
        there = self.world.homes.get(user.id)
        event = {
            "type": "app_home_opened",
            "user": user.id,
            "channel": "D1",
            "tab": "home",
            "event_ts": self.world.ts(),
        } | ({"view": as_view(there)} if there else {})
        return self.event(event)

    def say(self, user: User, channel: Channel, text: str, **more: Any) -> Message:
        """Write a message, and tell the app of it as an event."""
        message = self.world.add_message(channel, Message(self.world.ts(), text, [], user.id))
        event = {"type": "message", "user": user.id, "text": text, "ts": message.ts, "channel": channel.id, **more}
        self.event({**event, "event_ts": message.ts, "channel_type": "channel"})
        return message

    def event(self, event: Payload) -> Done:
        payload = {
            "token": "legacy",
            "team_id": TEAM,
            "api_app_id": APP,
            "event": event,
            "type": "event_callback",
            "event_id": self.world.number("Ev"),
            "event_time": int(self.world.clock()),
            "authorizations": [{"team_id": TEAM, "user_id": "U0KAIRANBT", "is_bot": True}],
            "is_ext_shared_channel": False,
        }
        return self.tell("events_api", payload)

    def shortcut(self, user: User, channel: Channel, message: Message, callback: str) -> Done:
        """Choose a message shortcut. https://docs.slack.dev/interactivity/implementing-shortcuts"""
        link = self.world.reply_token(user.id, channel.id, message.ts)
        payload = {
            **self._who(user, "message_action"),
            "callback_id": callback,
            "trigger_id": self.world.trigger(user.id),
            "channel": {"id": channel.id, "name": channel.name},
            "message": as_message(message, self.world, channel, metadata=True),
            "message_ts": message.ts,
            "response_url": f"http://127.0.0.1:{self.server.port}/actions/{link}",
            "action_ts": self.world.ts(),
        }
        return self.tell("interactive", payload)

    def _who(self, user: User, kind: str) -> Payload:
        return {
            "type": kind,
            "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team},
            "team": {"id": TEAM, "domain": "kairan-test"},
            "enterprise": None,
            "is_enterprise_install": False,
            "api_app_id": APP,
            "token": "legacy",
        }

    def tell(self, kind: str, payload: Payload) -> Done:
        """Send it to the app. The same payload once more: Slack believes that it was not heard."""
        envelope: Envelope = self.server.call(self.server.socket.deliver(kind, payload))
        return Done(payload, envelope.acked is not None, envelope.acked or {}, envelope.took)


def _button(blocks: list[Any], action: str, value: str) -> tuple[str, dict[str, Any]]:
    for block_id, element in _elements(blocks):
        if element.get("action_id") == action and (not value or element.get("value") == value):
            if element.get("type") not in {"button", "overflow", "static_select", "checkboxes"}:
                raise NotThere(f"{action} cannot be pressed")
            return block_id, element
    ids = [element.get("action_id") for _, element in _elements(blocks)]
    raise NotThere(f"there is no button {action!r}; there are {ids}")


def _acted(block_id: str, element: dict[str, Any], ts: str) -> Payload:
    acted = {
        "type": element["type"],
        "action_id": element.get("action_id", ""),
        "block_id": block_id,
        "action_ts": ts,
    }
    if element["type"] == "button":
        acted |= {"text": element["text"]} | ({"value": element["value"]} if "value" in element else {})
    return acted


def _check_required(blocks: list[Any], state: Mapping[str, Any]) -> None:
    for block in blocks:
        if block.get("type") == "input" and not block.get("optional"):
            entry = next(iter(state.get(block["block_id"], {}).values()), {})
            if not any(value for key, value in entry.items() if key != "type"):
                raise NotThere(f"{block['block_id']} is required: Slack does not let it be submitted empty")


def signed(body: bytes, *, secret: str = SIGNING_SECRET, at: float | None = None) -> dict[str, str]:
    """The headers of a request to the app's address. https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    stamp = str(int(at if at is not None else time.time()))
    digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


def form(payload: Payload) -> bytes:
    """Interactivity over HTTP: a form with one field."""
    return urlencode({"payload": json.dumps(payload)}).encode()
