"""What somebody did in Slack, from the payload that Slack sends for it, as plain values.

Nothing in a payload says who may do what: `services.act` asks that of the person. What is not ours, or not as Slack
writes it, gives no action. https://docs.slack.dev/reference/interaction-payloads
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from kairan.destinations.slack import actions
from kairan.domain.message import Action

OPEN_CASE = "open_case"
_MOST_CHOICES = 10_000
_LONGEST, _MOST_IDS = 200_000, 10  # of a message
_ID = re.compile(r"\b(?:CVE-\d{4}-\d{4,19}|GHSA(?:-[0-9a-z]{4}){3})\b", re.IGNORECASE)


class _Named(msgspec.Struct):
    id: str = ""


class _Container(msgspec.Struct):
    message_ts: str = ""
    channel_id: str = ""


class _Press(msgspec.Struct):
    action_id: str
    value: str | None = None


class _State(msgspec.Struct):
    values: dict[str, dict[str, Any]] = {}


class _View(msgspec.Struct):
    id: str = ""
    hash: str = ""
    callback_id: str = ""
    private_metadata: str = ""
    state: _State = msgspec.field(default_factory=_State)


class _Payload(msgspec.Struct):
    """The fields that we read of block_actions, message_action and view_submission."""

    type: str
    user: _Named = msgspec.field(default_factory=_Named)
    channel: _Named | None = None
    container: _Container | None = None
    actions: list[_Press] = []
    state: _State | None = None
    view: _View | None = None
    response_url: str = ""
    trigger_id: str = ""
    callback_id: str = ""
    message: dict[str, Any] = {}
    message_ts: str = ""


class _Subject(msgspec.Struct):
    """What a form remembers while it is open."""

    about: str
    channel: str = ""
    message: str = ""
    reply: str = ""


def read(payload: Mapping[str, Any]) -> list[Action]:
    """The actions of a payload; [] for whatever is none of ours."""
    try:
        known = msgspec.convert(payload, _Payload)
    except (msgspec.ValidationError, RecursionError):
        return []
    if known.type == "block_actions":
        return list(_pressed(known))
    if known.type == "message_action":
        return list(_chosen(known))
    return list(_submitted(known)) if known.type == "view_submission" else []


def _pressed(payload: _Payload) -> Iterator[Action]:
    container = payload.container or _Container()
    for number, press in enumerate(payload.actions):
        if payload.view and press.action_id == actions.ELEMENT:
            yield from _entered(payload, payload.view, number)
        code, about = actions.code_of(press.action_id), actions.subject_of(press.value or "")
        if code and about:
            yield Action(
                code,
                *about,
                values=_values(payload.state),
                who=payload.user.id,
                channel=payload.channel.id if payload.channel else container.channel_id,
                message=container.message_ts,
                reply=payload.response_url,
                trigger=payload.trigger_id,
                key=_key(payload, number),
            )


def _entered(payload: _Payload, view: _View, number: int) -> Iterator[Action]:
    """Something was chosen in a form that is open: what it would touch may be another now."""
    code, remembered = actions.code_of(view.callback_id), _remembered(view.private_metadata)
    about = actions.subject_of(remembered.about)
    if code in actions.FORMS and about:
        yield Action(
            code,
            *about,
            values={"view": view.id, "seen": view.hash, **_values(view.state)},
            who=payload.user.id,
            channel=remembered.channel,
            message=remembered.message,
            reply=remembered.reply,
            key=_key(payload, number),
        )


def _chosen(payload: _Payload) -> Iterator[Action]:
    """A shortcut of a message: the ids that the message names, wherever in it they stand."""
    if actions.code_of(payload.callback_id) != OPEN_CASE:
        return
    told = json.dumps([payload.message.get(name) for name in ("text", "blocks", "attachments")])[:_LONGEST]
    named = list(dict.fromkeys(each.upper() for each in _ID.findall(told)))[:_MOST_IDS]
    yield Action(
        OPEN_CASE,
        0,
        values={"named": named},
        who=payload.user.id,
        channel=payload.channel.id if payload.channel else "",
        message=payload.message_ts,
        reply=payload.response_url,
        trigger=payload.trigger_id,
        key=_key(payload),
    )


def _submitted(payload: _Payload) -> Iterator[Action]:
    view = payload.view or _View()
    code, remembered = actions.code_of(view.callback_id), _remembered(view.private_metadata)
    about = (0, None) if code == OPEN_CASE else actions.subject_of(remembered.about)
    if code and about:
        values = {"submitted": True} | _values(view.state)
        yield Action(
            code,
            *about,
            values=values,
            who=payload.user.id,
            channel=remembered.channel,
            message=remembered.message,
            reply=remembered.reply,
            key=_key(payload),
        )


def _key(payload: _Payload, number: int = 0) -> str:
    """Each thing that a person does has a trigger of its own, which a redelivery repeats."""
    return f"{payload.trigger_id}/{number}" if payload.trigger_id else ""


def _remembered(text: str) -> _Subject:
    try:
        return msgspec.convert(json.loads(text), _Subject)
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors too
        return _Subject("")


def _values(state: _State | None) -> dict[str, object]:
    """Fields by name: a text, or a list where several may be chosen, gathered from all blocks of the field."""
    found: dict[str, object] = {}
    for block_id, elements in (state.values if state else {}).items():
        name, element = actions.field_of(block_id), elements.get(actions.ELEMENT)
        if name and isinstance(element, dict):
            value, before = _value(element), found.get(name)
            found[name] = [*before, *value] if isinstance(before, list) and isinstance(value, list) else value
    return found


def _value(element: Mapping[str, Any]) -> object:
    """What is entered or chosen; "" for nothing."""
    if "selected_options" in element or element.get("type") in {"checkboxes", "multi_static_select"}:
        chosen = element.get("selected_options")
        options = chosen[:_MOST_CHOICES] if isinstance(chosen, list) else []
        return [text for each in options if (text := _text(each.get("value") if isinstance(each, dict) else None))]
    option = element.get("selected_option")
    if isinstance(option, dict):
        return _text(option.get("value"))
    return _text(element.get("value")) or _text(element.get("selected_date"))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
