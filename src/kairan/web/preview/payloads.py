"""What Slack would send for what was pressed on the page: the same shapes, so that the same handler reads them.

Only what the drawn message offers can be in it: options and buttons are those of the stored blocks, whatever was
posted. https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import QueryDict

from kairan.web.preview.drawing import Json, control_name, elements, options

_STATEFUL = {
    "checkboxes": "selected_options",
    "multi_static_select": "selected_options",
    "static_select": "selected_option",
    "radio_buttons": "selected_option",
    "plain_text_input": "value",
    "datepicker": "selected_date",
}


def block_actions(payload: Json, press: str, post: QueryDict, *, channel: str, message: str, user: str) -> Json | None:
    """For the button at this place; None: there is none."""
    block, element = _at(payload.get("blocks") or [], press)
    if block is None or element is None:
        return None
    action = {
        "type": "button",
        "block_id": block.get("block_id", ""),
        "action_id": element.get("action_id", ""),
        "value": element.get("value", ""),
        "text": element.get("text"),
    }
    return {
        "type": "block_actions",
        "user": {"id": user},
        "channel": {"id": channel},
        "container": {"type": "message", "message_ts": message, "channel_id": channel},
        "state": {"values": state(payload, post)},
        "actions": [action],
    }


def view_submission(view: Json, post: QueryDict, *, user: str) -> Json:
    """For a form that was sent."""
    known = {name: view.get(name, "") for name in ("callback_id", "private_metadata")}
    return {
        "type": "view_submission",
        "user": {"id": user},
        "view": {"type": "modal", **known, "state": {"values": state(view, post)}},
    }


def state(payload: Json, post: QueryDict) -> dict[str, dict[str, Any]]:
    """Every element that holds something, by block and element, as it was when the button was pressed."""
    values: dict[str, dict[str, Any]] = {}
    for block in payload.get("blocks") or []:
        for element in elements(block):
            if element["type"] in _STATEFUL:
                held = _held(element, post.getlist(control_name(block, element)))
                values.setdefault(block.get("block_id", ""), {})[element.get("action_id", "")] = held
    return values


def _held(element: Json, posted: Sequence[str]) -> Mapping[str, Any]:
    kind = element["type"]
    name = _STATEFUL[kind]
    if name in {"value", "selected_date"}:
        return {"type": kind, name: posted[0].replace("\r\n", "\n") if posted and posted[0] else None}
    chosen = [each for each in options(element) if each["value"] in posted]
    return {"type": kind, name: chosen if name == "selected_options" else next(iter(chosen), None)}


def _at(blocks: Sequence[Json], press: str) -> tuple[Json | None, Json | None]:
    """The block and the button at "3.0"."""
    first, dot, second = press.partition(".")
    if not (dot and first.isdecimal() and second.isdecimal() and len(press) < 10 and int(first) < len(blocks)):
        return None, None
    found = list(elements(blocks[int(first)]))
    at = int(second)
    is_button = at < len(found) and found[at].get("type") == "button"
    return (blocks[int(first)], found[at]) if is_button else (None, None)
