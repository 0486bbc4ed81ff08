"""What the person who acted is shown: a note to them alone, errors at a form's fields, or a form to open.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
https://docs.slack.dev/surfaces/modals#displaying_errors
"""

from collections import defaultdict
from collections.abc import Mapping

from kairan.destinations.slack import actions, blocks, escape, texts
from kairan.destinations.slack.blocks import Block
from kairan.destinations.slack.views import view
from kairan.domain.answer import Answer, Fault, Said
from kairan.domain.wording import status
from kairan.interfaces.destination import Payload

_LONGEST = 2_900


def answer(answer: Answer, language: str) -> Payload:
    """`note`: an ephemeral message. `errors`: by block_id, for response_action. `view`: a modal."""
    said: dict[str, object] = {"note": _note(answer, language)}
    if answer.errors:
        errors = {actions.field(name): fault(each, language) for name, each in answer.errors.items()}
        said["errors"] = {"response_action": "errors", "errors": errors}
    if answer.form:
        said["view"] = view(answer.form, language)
    return said


def fault(fault: Fault, language: str) -> str:
    return texts.of(texts.WRONG, fault.code, language).format_map(_Parts(fault.params))


def _note(answer: Answer, language: str) -> Block:
    text = sentence(answer, language)
    return {
        "response_type": "ephemeral",
        "replace_original": False,
        "text": escape.cut(text, blocks.FALLBACK, escape.mrkdwn),
        "blocks": [blocks.section(escape.cut(text, _LONGEST, escape.mrkdwn))],
    }


def sentence(answer: Answer, language: str) -> str:
    """What came of it; for a form without fields of its own (in a message) what is wrong where."""
    parts = _Parts({name: _shown(name, value, language) for name, value in answer.params.items()})
    said = [texts.of(texts.ANSWER, answer.code, language).format_map(parts)]
    if answer.code is Said.SENT and parts.get("again"):
        said.append(texts.of(texts.ANSWER, "also_before", language).format_map(parts))
    if answer.code is Said.RAISED:
        more = [f"raised_{name}" for name in ("there", "opening", "nobody") if parts.get(name)]
        more += [] if answer.params.get("link") else ["raised_no_link"]
        said += [texts.of(texts.ANSWER, each, language).format_map(parts) for each in more]
    said += [
        f"{texts.of(texts.FIELD, name, language)}: {fault(each, language)}" for name, each in answer.errors.items()
    ]
    return "\n".join(said)


class _Parts(defaultdict[str, object]):
    """What a text names and nobody gave is left out of it, rather than failing."""

    def __init__(self, given: Mapping[str, object]) -> None:
        super().__init__(str, given)


def _shown(name: str, value: object, language: str) -> str:
    if name == "status":
        return status(str(value), language)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} ({status(str(why), language)})" for key, why in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)
