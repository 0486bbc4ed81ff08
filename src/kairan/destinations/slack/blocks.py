"""Block Kit's parts, each within its limits. https://docs.slack.dev/reference/block-kit/blocks"""

from collections.abc import Mapping, Sequence
from typing import Any

from kairan.destinations.slack import escape

Block = dict[str, Any]

BLOCKS = 50  # of a message
BLOCKS_OF_A_VIEW = 100
TEXT = 3_000
HEADER = 150
LABEL = 75  # of a button, an option
VALUE = 150  # of an option
OPTIONS_OF_CHECKBOXES = 10
OPTIONS = 100  # of a select, and groups of a select
TITLE = 24  # of a view, and its buttons
FALLBACK = 3_000  # of a message's `text`
INPUT = 3_000


def mrkdwn(text: str) -> Block:
    """A mrkdwn object of text that is escaped already. `verbatim`: Slack makes no links and mentions of its own."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def plain(text: str, most: int = TEXT) -> Block:
    """A plain_text object; what does not fit ends in `…`: its caller says the rest elsewhere. Emoji names stay
    text."""
    return {"type": "plain_text", "text": escape.cut(text, most, escape.plain) or "-", "emoji": False}


def fits(text: str, most: int) -> bool:
    """Does a text go into a plain_text object whole?"""
    return escape.width(escape.plain(text)) <= most


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text, HEADER)}


def section(text: str, accessory: Mapping[str, Any] | None = None, block_id: str = "") -> Block:
    block: Block = {"type": "section", "text": mrkdwn(text)}
    if accessory:
        block["accessory"] = accessory
    if block_id:
        block["block_id"] = block_id
    return block


def context(text: str) -> Block:
    return {"type": "context", "elements": [mrkdwn(text)]}


def divider() -> Block:
    return {"type": "divider"}


def button(label: str, action_id: str, value: str, style: str = "") -> Block:
    block: Block = {"type": "button", "text": plain(label, LABEL), "action_id": action_id, "value": value}
    return block | ({"style": style} if style else {})


def actions(block_id: str, elements: Sequence[Block]) -> Block:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def option(label: str, value: str) -> Block:
    return {"text": plain(label, LABEL), "value": value[:VALUE]}


def checkboxes(action_id: str, options: Sequence[Block]) -> Block:
    return {"type": "checkboxes", "action_id": action_id, "options": list(options)}


def select(action_id: str, options: Sequence[Block], chosen: str = "") -> Block:
    """One of a few choices."""
    initial = [each for each in options if each["value"] == chosen]
    block: Block = {"type": "static_select", "action_id": action_id, "options": list(options)}
    return block | ({"initial_option": initial[0]} if initial else {})


def many(action_id: str, options: Sequence[Block]) -> Block:
    """Several of many choices: in groups when there are more than one list holds."""
    block: Block = {"type": "multi_static_select", "action_id": action_id}
    if len(options) <= OPTIONS:
        return block | {"options": list(options)}
    groups = [options[at : at + OPTIONS] for at in range(0, len(options), OPTIONS)][:OPTIONS]
    names = [f"{at * OPTIONS + 1}-{at * OPTIONS + len(group)}" for at, group in enumerate(groups)]
    return block | {
        "option_groups": [
            {"label": plain(name, LABEL), "options": list(group)} for name, group in zip(names, groups, strict=True)
        ]
    }


def area(action_id: str, initial: str = "", most: int = INPUT) -> Block:
    """A field of several lines. What it begins with is no text object: it is not escaped."""
    block: Block = {"type": "plain_text_input", "action_id": action_id, "multiline": True, "max_length": most}
    return block | ({"initial_value": initial} if initial else {})


def date(action_id: str) -> Block:
    return {"type": "datepicker", "action_id": action_id}


def field(block_id: str, label: str, element: Block, *, optional: bool = False, hint: str = "") -> Block:
    block: Block = {"type": "input", "block_id": block_id, "label": plain(label, 2_000), "element": element}
    if optional:
        block["optional"] = True
    return block | ({"hint": plain(hint, 2_000)} if hint else {})


def view(title: str, submit: str, close: str, blocks: Sequence[Block], callback_id: str, metadata: str) -> Block:
    """A modal."""
    return {
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": metadata,
        "title": plain(title, TITLE),
        "submit": plain(submit, TITLE),
        "close": plain(close, TITLE),
        "blocks": list(blocks),
    }
