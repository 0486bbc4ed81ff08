"""Modals: what has to be said before a decision, a deferral, "does not apply" or a question is done."""

import json
from collections.abc import Callable, Mapping

from kairan.destinations.slack import actions, blocks, escape, opening, texts
from kairan.destinations.slack.blocks import Block
from kairan.destinations.slack.inbound import OPEN_CASE
from kairan.destinations.slack.lines import Pen
from kairan.domain.answer import Form
from kairan.domain.message import Part
from kairan.domain.triage import DECIDED, Justification, Status, Until
from kairan.domain.wording import status, word

_STATUSES = (Status.ACTION_NEEDED, *(each for each in Status if each in DECIDED))
_LONGEST = 3_000
_LONGEST_TITLE = 2_900
_LONGEST_REPLY = 1_000  # of the 3,000 signs that a form remembers


def view(form: Form, language: str, channel: str = "", message: str = "", url: str = "") -> Block:
    """A modal that remembers which case it is of, and where it was asked for. `url` is the case's."""
    about = actions.subject(form.case, form.part)
    remembered = json.dumps({"about": about, "channel": channel, "message": message})
    return blocks.view(
        texts.of(texts.FORM, form.code, language),
        texts.word("send", language),
        texts.word("cancel", language),
        opening.fields(form, language) if form.code == OPEN_CASE else _fields(form, language, url),
        actions.button(form.code),
        remembered,
    )


def _fields(form: Form, language: str, url: str) -> list[Block]:
    about = blocks.section(Pen(language, url).text(_about(form), _LONGEST_TITLE))
    asked = [*_teams(form, language), *_FIELDS[form.code](language)]
    if form.reach is None:
        return [about, *asked]
    told = {actions.field("teams"), actions.field("status")}  # what is chosen there changes the reach
    asked = [block | {"dispatch_action": True} if block.get("block_id") in told else block for block in asked]
    links = _field("evidence", blocks.area(actions.ELEMENT, most=_LONGEST), language, optional=True)
    return [about, *asked, links, *_reach(form, language)]


def remembering(view: Mapping[str, object], channel: str, message: str, reply: str = "") -> Block:
    """The modal, knowing at which message it was asked for: who sends it is answered there."""
    about = json.loads(str(view["private_metadata"]))
    at = {"channel": channel, "message": message} | ({"reply": reply} if len(reply) <= _LONGEST_REPLY else {})
    return {**view, "private_metadata": json.dumps({**about, **at})}


def _about(form: Form) -> str:
    """The case, and whose part where it is about one."""
    team = next((part.name for part in form.parts if part.number == form.part), "")
    return escape.one_line(f"C-{form.case} · {team} · {form.title}" if team else f"C-{form.case} · {form.title}")


def _reach(form: Form, language: str) -> list[Block]:
    """What sending this would touch. Drawn anew while teams and decision are chosen."""
    reach = form.reach
    if reach is None:
        return []
    channels = escape.cut(", ".join(reach.channels), 1_000, escape.mrkdwn)
    tickets = escape.cut(", ".join(reach.tickets), 1_000, escape.mrkdwn)
    said = [texts.word("reach", language, findings=f"{reach.findings:,}", parts=f"{reach.parts:,}")]
    said += [texts.word("reach_told", language, channels=channels)] if channels else []
    said += [texts.word("reach_tickets", language, tickets=tickets)] if tickets else []
    said += [texts.word("reach_approval", language, approval=f"{reach.approval:,}")] if reach.approval else []
    return [blocks.section("\n".join(said), block_id="kairan.reach")]


def _teams(form: Form, language: str) -> list[Block]:
    """Whose part it is about, where that was not said yet."""
    if form.part is not None or not form.parts:
        return []
    teams = [_team(part, language) for part in form.parts[: blocks.OPTIONS**2]]
    few = len(teams) <= blocks.OPTIONS_OF_CHECKBOXES
    return [_field("teams", (blocks.checkboxes if few else blocks.many)(actions.ELEMENT, teams), language)]


def _team(part: Part, language: str) -> Block:
    name = escape.one_line(part.name) or word("nobody", language)
    return blocks.option(f"{name} · {status(part.status, language)}", str(part.number))


def _decide(language: str) -> list[Block]:
    options = [blocks.option(status(each, language), each) for each in _STATUSES]
    return [
        _field("status", blocks.select(actions.ELEMENT, options), language),
        _justification(language, optional=True),
        _reason(language),
        _until(language, optional=True),
        _field("until_at", blocks.date(actions.ELEMENT), language, optional=True),
        _field("due_at", blocks.date(actions.ELEMENT), language, optional=True),
    ]


def _defer(language: str) -> list[Block]:
    date = _field("until_at", blocks.date(actions.ELEMENT), language, optional=True)
    return [_until(language, optional=False), date, _reason(language)]


def _not_affected(language: str) -> list[Block]:
    return [_justification(language, optional=False), _reason(language)]


def _ask(language: str) -> list[Block]:
    return [_field("text", blocks.area(actions.ELEMENT, most=_LONGEST), language)]


def _justification(language: str, *, optional: bool) -> Block:
    options = [blocks.option(texts.of(texts.JUSTIFICATION, each, language), each) for each in Justification]
    return _field("justification", blocks.select(actions.ELEMENT, options), language, optional=optional)


def _until(language: str, *, optional: bool) -> Block:
    options = [blocks.option(texts.of(texts.UNTIL, each, language), each) for each in Until]
    hint = texts.word("until_needed", language) if optional else ""
    return _field("until", blocks.select(actions.ELEMENT, options), language, optional=optional, hint=hint)


def _reason(language: str) -> Block:
    return _field("reason", blocks.area(actions.ELEMENT, most=_LONGEST), language, optional=True)


def _field(name: str, element: Block, language: str, *, optional: bool = False, hint: str = "") -> Block:
    label = texts.of(texts.FIELD, name, language)
    return blocks.field(actions.field(name), label, element, optional=optional, hint=hint)


_FIELDS: Mapping[str, Callable[[str], list[Block]]] = {
    "decide": _decide,
    "defer": _defer,
    "not_affected": _not_affected,
    "ask": _ask,
}
