"""What the person who acted is shown: a note to them alone, errors at a form's fields, or a form to open.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
https://docs.slack.dev/surfaces/modals#displaying_errors
"""

from collections import defaultdict
from collections.abc import Mapping

from kairan.destinations.slack import actions, blocks, escape, texts
from kairan.destinations.slack.blocks import Block
from kairan.destinations.slack.lines import Parts, Pen, plain
from kairan.destinations.slack.views import view
from kairan.domain.answer import Answer, Fault, Said
from kairan.domain.notice import Run
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
        said["view"] = view(answer.form, language, url=answer.url)
    return said


def fault(fault: Fault, language: str) -> str:
    return texts.of(texts.WRONG, fault.code, language).format_map(_Parts(fault.params))


def _note(answer: Answer, language: str) -> Block:
    text = "\n".join(plain(*each) for each in _sentences(answer, language))
    return {
        "response_type": "ephemeral",
        "replace_original": False,
        "text": escape.cut(text, blocks.FALLBACK, escape.mrkdwn),
        "blocks": [blocks.section(drawn(answer, language))],
    }


def drawn(answer: Answer, language: str) -> str:
    """What came of it, fit for a section: addresses can be followed, lists that are too long are counted."""
    pen, left = Pen(language, answer.url), _LONGEST
    sentences, said = _sentences(answer, language), []
    for number, (template, parts) in enumerate(sentences):
        said.append(pen.filled(template, parts, left // (len(sentences) - number)))
        left -= escape.width(said[-1]) + 1
    return "\n".join(said)


def _sentences(answer: Answer, language: str) -> list[tuple[str, Parts]]:
    """What came of it; for a form without fields of its own (in a message) what is wrong where."""
    parts = {name: _runs(name, value, language) for name, value in answer.params.items()}
    codes: list[str] = [answer.code]
    if answer.code is Said.SENT and parts.get("again"):
        codes.append("also_before")
    if answer.code is Said.RAISED:
        codes += [f"raised_{name}" for name in ("there", "opening", "nobody") if parts.get(name)]
        codes += [] if answer.params.get("link") else ["raised_no_link"]
    said: list[tuple[str, Parts]] = [(texts.of(texts.ANSWER, each, language), parts) for each in codes]
    for name, each in answer.errors.items():
        field = texts.of(texts.FIELD, name, language)
        said.append(("{field}: {what}", {"field": (Run(field),), "what": (Run(fault(each, language)),)}))
    return said


class _Parts(defaultdict[str, object]):
    """What a text names and nobody gave is left out of it, rather than failing."""

    def __init__(self, given: Mapping[str, object]) -> None:
        super().__init__(str, given)


def _runs(name: str, value: object, language: str) -> tuple[Run, ...]:
    if isinstance(value, Mapping):
        return tuple(Run(escape.one_line(f"{key} ({status(str(why), language)})")) for key, why in value.items())
    if isinstance(value, list | tuple):
        return tuple(Run(escape.one_line(str(each))) for each in value)
    text = escape.one_line(str(value))
    return (Run(status(text, language) if name == "status" else text, escape.web(text) if name == "url" else ""),)
