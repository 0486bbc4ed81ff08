"""Use case: somebody pressed a button or sent a form in a destination, or on the page that previews it.

Whatever they press ends in services.triage, as on every page: rights come from the person in the database, never from
the payload, and what the payload names is looked up anew. What comes of it is said by code, to them alone.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from kairan.domain.answer import Answer, Fault, Form, Reach, Said
from kairan.domain.errors import ForbiddenError, IllegalTransition
from kairan.domain.message import Action, Part
from kairan.domain.rights import Right
from kairan.domain.triage import DECIDED, SETTLED, Status, moves
from kairan.services import configuration, may, raising, triage
from kairan.services.actor import Actor
from kairan.services.attempts import attempt
from kairan.services.choice import Choice, ChoiceError, Evidence, Wrong, fit_text
from kairan.services.pressed import EnteredError, Pressed
from kairan.services.telling_teams import send_triage
from kairan.services.ticketing import create_ticket


def act(action: Action, actor: Actor, now: datetime) -> Answer:
    """Do it, and say what came of it. What a person may get wrong is an answer, not an error."""
    answer = _acted(action, actor, now)
    return replace(answer, url=configuration.active().link(f"/cases/C-{action.case}/")) if action.case else answer


def _acted(action: Action, actor: Actor, now: datetime) -> Answer:
    deed = _DEEDS.get(action.code)
    pressed = Pressed.found(action, actor, now) if deed else None
    try:
        if action.code == raising.RAISE:  # about a message, not a case
            return raising.raise_case(action, actor, now)
        return deed(pressed) if deed and pressed else Answer(Said.GONE)
    except ForbiddenError:
        return Answer(Said.FORBIDDEN)
    except IllegalTransition:
        return Answer(Said.ILLEGAL, {"status": pressed.status if pressed else ""})
    except triage.NoSuchCaseError:
        return Answer(Said.GONE)
    except EnteredError as error:
        return Answer(Said.WRONG, errors={error.field: Fault(error.code)})
    except ChoiceError as error:
        return Answer(Said.WRONG, errors={name: _fault(wrong) for name, wrong in error.wrong.items()})


def _fault(wrong: Wrong) -> Fault:
    return Fault(wrong.code, dict(wrong.params))


def _claim(pressed: Pressed) -> Answer:
    """One team's part, or, from the PSIRT's post, all that somebody still has to look after."""
    parts = [part for part in pressed.about if part.status not in SETTLED]
    if not parts:
        _check(pressed)
        return Answer(Said.ILLEGAL, {"status": pressed.status})
    return pressed.each(parts, Said.CLAIMED, lambda part: triage.claim(part, pressed.actor, pressed.now))


def _fix(pressed: Pressed) -> Answer:
    def fix(part: int) -> None:
        triage.fix(part, "", pressed.actor, pressed.now)

    return pressed.each(pressed.about, Said.FIX_CLAIMED, fix)


def _ask(pressed: Pressed) -> Answer:
    if not pressed.is_form:
        return _form(pressed, frozenset(Status) - SETTLED)
    text = fit_text(pressed.text("text"), "text")
    return pressed.each(pressed.chosen, Said.ASKED, lambda part: triage.ask(part, text, pressed.actor, pressed.now))


def _decide(pressed: Pressed) -> Answer:
    if not pressed.is_form:
        return _form(pressed, _from_where({*DECIDED, Status.ACTION_NEEDED}))
    return _decided(pressed, pressed.text("status"))


def _defer(pressed: Pressed) -> Answer:
    return _decided_as(pressed, Status.DEFERRED)


def _not_affected(pressed: Pressed) -> Answer:
    return _decided_as(pressed, Status.NOT_AFFECTED)


def _decided_as(pressed: Pressed, status: Status) -> Answer:
    return _decided(pressed, status) if pressed.is_form else _form(pressed, _from_where({status}))


def _from_where(targets: set[Status]) -> frozenset[Status]:
    """The statuses from which a person may get to one of these."""
    return frozenset(status for status in Status if targets & moves(status))


def _form(pressed: Pressed, fitting: frozenset[Status]) -> Answer:
    """The form of this action, for whoever may send it, about the parts it may be about."""
    _check(pressed)
    parts = tuple(part for part in pressed.about if part.status in fitting)
    if not parts:
        return Answer(Said.ILLEGAL, {"status": pressed.status})
    action = pressed.action
    part = action.part if action.part is not None else parts[0].number if len(parts) == 1 else None
    reach = None if action.code == "ask" else _reach(pressed, parts)
    form = Form(action.code, pressed.case, pressed.title, part, parts, pressed.zone.key, reach=reach)
    return Answer(Said.FORM, form=form)


def _reach(pressed: Pressed, parts: Sequence[Part]) -> Reach:
    """What the decision would touch: of the parts that are chosen by now, else of all it may be about."""
    chosen = set(pressed.several("teams"))
    mine = [part.number for part in parts if str(part.number) in chosen] or [part.number for part in parts]
    status = _STATUS_OF.get(pressed.action.code) or pressed.text("status")
    found = triage.effects(mine, Choice(status))
    return Reach(found.parts, found.findings, tuple(found.channels), tuple(found.tickets), found.approval)


_STATUS_OF: Mapping[str, str] = {"defer": Status.DEFERRED, "not_affected": Status.NOT_AFFECTED}


def _check(pressed: Pressed) -> None:
    """ForbiddenError, and a trace of the attempt, for whoever may not do this to all the parts it is about."""
    subject = f"case:{pressed.case}" if pressed.action.part is None else f"part:{pressed.action.part}"
    with attempt(pressed.actor, f"case.{pressed.action.code}", subject, pressed.now):
        if pressed.action.part is None:
            may.check(pressed.actor, Right.DECIDE)
        else:
            may.check(pressed.actor, Right.ANSWER, pressed.team)


def _decided(pressed: Pressed, status: str) -> Answer:
    """Decide of each part that was chosen: the same choice, checked once by the first of them."""
    choice = Choice(
        status,
        justification=pressed.text("justification") if status == Status.NOT_AFFECTED else "",
        reason=pressed.text("reason"),
        until=pressed.text("until"),
        until_at=pressed.date("until_at"),
        due_at=pressed.date("due_at"),
        evidence=tuple(Evidence(link=link) for link in pressed.text("evidence").split()),
    )
    waiting: list[int] = []

    def decide(part: int) -> None:
        if triage.decide(part, choice, pressed.actor, pressed.now).state == "waiting":
            waiting.append(part)

    answer = pressed.each(pressed.chosen, Said.DECIDED, decide, status=status)
    if waiting and answer.code is Said.DECIDED:
        return Answer(Said.ASKED_APPROVAL, answer.params)
    return answer


_DEEDS: Mapping[str, Callable[[Pressed], Answer]] = {
    "claim": _claim,
    "fix": _fix,
    "ask": _ask,
    "decide": _decide,
    "defer": _defer,
    "not_affected": _not_affected,
    "send_triage": send_triage,
    "create_ticket": create_ticket,
}
