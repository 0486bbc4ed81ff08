"""How a message's buttons and fields are named, so that what comes back can be read (inbound.py).

A button's `action_id` is `kairan.<code>`, its `value` the case's number, with a dot and the part's behind it where it
is about one part. A field's block is `kairan.field.<name>` (`.2` behind it when a field is drawn as several blocks),
its element `kairan.value`.
"""

import re

BUTTON = "kairan."
FIELD = "kairan.field."
ELEMENT = "kairan.value"
FORMS = frozenset({"decide", "defer", "not_affected", "ask", "open_case"})  # ask something before they are done
CODES = FORMS | {"create_ticket", "claim", "fix", "send_triage"}
_SUBJECT = re.compile(r"([1-9][0-9]{0,17})(?:\.([1-9][0-9]{0,17}))?")
_NAME = re.compile(r"kairan\.field\.([a-z_]{1,40})(?:\.[0-9]{1,3})?")


def button(code: str) -> str:
    return BUTTON + code


def code_of(action_id: str) -> str:
    """The code of one of our buttons; "" for anything else."""
    code = action_id.removeprefix(BUTTON)
    return code if code in CODES and action_id.startswith(BUTTON) else ""


def subject(case: int, part: int | None) -> str:
    return str(case) if part is None else f"{case}.{part}"


def subject_of(value: str) -> tuple[int, int | None] | None:
    """The case and the part that a value names; None: it is none of ours."""
    match = _SUBJECT.fullmatch(value)
    return (int(match[1]), int(match[2]) if match[2] else None) if match else None


def field(name: str, number: int | None = None) -> str:
    return f"{FIELD}{name}" if number is None else f"{FIELD}{name}.{number}"


def field_of(block_id: str) -> str:
    """The field that a block is (a part of); "" for anything else."""
    match = _NAME.fullmatch(block_id)
    return match[1] if match else ""
