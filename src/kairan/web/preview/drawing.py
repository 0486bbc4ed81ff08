"""Blocks as the page draws them: texts as HTML, elements as controls with what was entered and what is wrong.

A control's name is `block_id~action_id`, which is how what is entered comes back (payloads.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.safestring import SafeString

from kairan.web.preview.mrkdwn import drawn

Json = Mapping[str, Any]
_NO_TEXT = SafeString("")


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: SafeString
    chosen: bool


@dataclass(frozen=True, slots=True)
class Control:
    """An element. `press` is a button's place in the message: block and element."""

    kind: str
    name: str = ""
    label: SafeString = _NO_TEXT
    value: str = ""
    press: str = ""
    style: str = ""
    choices: Sequence[Choice] = ()
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """`error` is what is wrong at the block's field."""

    kind: str
    id: str
    text: SafeString = _NO_TEXT
    label: SafeString = _NO_TEXT
    hint: SafeString = _NO_TEXT
    optional: bool = False
    controls: Sequence[Control] = ()
    fields: Sequence[SafeString] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Entered:
    """What a person sent, to be shown again beside what is wrong with it. `post` None: nothing was sent."""

    post: QueryDict | None = None
    errors: Mapping[str, str] = field(default_factory=dict)


NOTHING = Entered()


def blocks(payload: Json, entered: Entered = NOTHING) -> list[Block]:
    """A message's or a view's blocks; a kind that this page does not know is drawn as its texts."""
    return [_block(number, each, entered) for number, each in enumerate(payload.get("blocks") or [])]


def elements(block: Json) -> Iterator[Json]:
    """The elements of a block that may be pressed or filled in, in their order."""
    found = [*(block.get("elements") or ()), block.get("accessory"), block.get("element")]
    yield from (each for each in found if isinstance(each, dict) and each.get("type") not in {"mrkdwn", "plain_text"})


def control_name(block: Json, element: Json) -> str:
    return f"{block.get('block_id', '')}~{element.get('action_id', '')}"


def is_interactive(payload: Json) -> bool:
    return any(True for block in payload.get("blocks") or [] for _ in elements(block))


def _block(number: int, block: Json, entered: Entered) -> Block:
    context = [drawn(each) for each in block.get("elements") or () if each.get("type") in {"mrkdwn", "plain_text"}]
    block_id = str(block.get("block_id", ""))
    return Block(
        kind=str(block.get("type", "")),
        id=block_id,
        text=drawn(block.get("text")),
        label=drawn(block.get("label")),
        hint=drawn(block.get("hint")),
        optional=bool(block.get("optional")),
        controls=[_control(f"{number}.{at}", block, each, entered) for at, each in enumerate(elements(block))],
        fields=[*context, *(drawn(each) for each in block.get("fields") or ())],
        error=_error(block_id, entered),
    )


def _error(block_id: str, entered: Entered) -> str:
    """A field that is drawn as several blocks has its error at the first of them."""
    return entered.errors.get(block_id) or (
        entered.errors.get(block_id.removesuffix(".1"), "") if block_id.endswith(".1") else ""
    )


def _control(press: str, block: Json, element: Json, entered: Entered) -> Control:
    name = control_name(block, element)
    return Control(
        kind=str(element.get("type", "")),
        name=name,
        label=drawn(element.get("text")),
        value=_value(name, element, entered),
        press=press,
        style=str(element.get("style", "")),
        choices=_choices(name, element, entered),
        most=element.get("max_length"),
    )


def _value(name: str, element: Json, entered: Entered) -> str:
    if entered.post is not None:
        return entered.post.get(name, "")
    return str(element.get("initial_value") or element.get("initial_date") or "")


def options(element: Json) -> list[Json]:
    """An element's options, those of its groups one after the other."""
    grouped = [each for group in element.get("option_groups") or () for each in group["options"]]
    return [*(element.get("options") or ()), *grouped]


def _choices(name: str, element: Json, entered: Entered) -> list[Choice]:
    initial = [element.get("initial_option"), *(element.get("initial_options") or ())]
    before = [each["value"] for each in initial if each]
    chosen = set(entered.post.getlist(name) if entered.post is not None else before)
    return [Choice(each["value"], drawn(each["text"]), each["value"] in chosen) for each in options(element)]
