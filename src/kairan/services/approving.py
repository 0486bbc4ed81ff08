"""Use cases: an approver says yes or no to a decision; whoever decided takes it back within minutes."""

from datetime import datetime, timedelta

from kairan.domain.errors import ForbiddenError, IllegalTransition
from kairan.domain.news import Code
from kairan.domain.rights import Right
from kairan.domain.triage import Status, check_move
from kairan.services import may
from kairan.services.actor import Actor
from kairan.services.attempts import NoSuchCaseError, attempt, audit, news_of, tell
from kairan.services.choice import Choice, ChoiceError, Wrong, fit_text, plain
from kairan.services.deciding import news_for, put_in_force
from kairan.store.queries import case_rows
from kairan.store.queries.case_rows import Cursor, Decision, Part

UNDO = timedelta(minutes=10)


def approve(decision: int, actor: Actor, now: datetime, note: str = "") -> None:
    """Put a waiting decision in force. Never by its author; not when its end is over, or the part moved away."""
    with attempt(actor, "case.approve", f"decision:{decision}", now) as cursor:
        found, part = _waiting(cursor, decision, actor)
        check_move(Status(part.status), Status(found.status))
        if found.until_at and found.until_at <= now:
            raise ChoiceError({"until_at": Wrong("in_the_past")})
        choice = _choice(found)
        case_rows.approve(cursor, decision, part, actor.person, now)
        put_in_force(cursor, part, decision, choice, now)
        said = news_of(part, Code.APPROVED, actor, now, decision=decision, reason=_note(note), status=found.status)
        tell(cursor, part.case, [said, *news_for(part, choice, decision, actor, now)], now)
        after = {"status": found.status, "decision": decision, "case": part.case}
        audit(cursor, actor, "case.approve", f"decision:{decision}", {"status": part.status}, after, now)


def refuse(decision: int, actor: Actor, now: datetime, note: str = "") -> None:
    """Send a waiting decision back, with a reason. The part stays as it is."""
    with attempt(actor, "case.refuse", f"decision:{decision}", now) as cursor:
        found, part = _waiting(cursor, decision, actor)
        reason = fit_text(note, "note")
        case_rows.mark_decision(cursor, decision, "refused")
        said = news_of(part, Code.REFUSED, actor, now, decision=decision, reason=reason, status=found.status)
        tell(cursor, part.case, [said], now)
        after = {"status": found.status, "reason": reason, "case": part.case}
        audit(cursor, actor, "case.refuse", f"decision:{decision}", None, after, now)


def undo(decision: int, actor: Actor, now: datetime, *, within: timedelta | None = UNDO) -> None:
    """Take a decision back: the part is as it was before. A waiting one is withdrawn, whenever that is.

    Only by its author, its approver, or who may decide for any team. IllegalTransition: too late, or something newer
    happened. `within` None: however long ago (a whole batch has a time of its own).
    """
    with attempt(actor, "case.undo", f"decision:{decision}", now) as cursor:
        found, part = _found(cursor, decision, actor)
        _check_undo_right(found, part, actor)
        if found.state == "effective":
            _check_undoable(cursor, found, part, now, within)
            case_rows.put_back(cursor, found)
        elif found.state != "waiting":
            raise IllegalTransition(f"decision {decision} is not in force any more: it is {found.state}")
        case_rows.mark_decision(cursor, decision, "undone")
        params = {"decision": decision, "status": found.status, "back": found.before["status"]}
        tell(cursor, part.case, [news_of(part, Code.UNDONE, actor, now, **params)], now)
        after = {"status": found.before["status"], "decision": decision, "case": part.case}
        audit(cursor, actor, "case.undo", f"decision:{decision}", {"status": found.status}, after, now)


def can_undo(found: Decision, part: Part, now: datetime, within: timedelta | None = UNDO) -> str:
    """ "" or why not: the time is over, or the part moved on."""
    if within is not None and now > found.in_force_since + within:
        return "it is too late: decisions can be undone for 10 minutes"
    if part.status != found.status or part.status_since != found.in_force_since:
        return "something newer happened to this part"
    return ""


def _check_undoable(cursor: Cursor, found: Decision, part: Part, now: datetime, within: timedelta | None) -> None:
    why_not = can_undo(found, part, now, within)
    if not why_not and case_rows.has_newer(cursor, found):
        why_not = "something newer was decided of this part"
    if why_not:
        raise IllegalTransition(f"decision {found.id} cannot be undone: {why_not}")


def _check_undo_right(found: Decision, part: Part, actor: Actor) -> None:
    may.check(actor, Right.ANSWER, part.team)
    if not _is_author(found, actor) and not may.is_allowed(actor, Right.DECIDE):
        raise ForbiddenError(f"{actor.name} may not undo what somebody else decided")


def _waiting(cursor: Cursor, decision: int, actor: Actor) -> tuple[Decision, Part]:
    may.check(actor, Right.APPROVE)
    found, part = _found(cursor, decision, actor)
    if found.state != "waiting":
        raise IllegalTransition(f"decision {decision} does not wait for an approver: it is {found.state}")
    if _is_author(found, actor):
        raise ForbiddenError(f"{actor.name} decided this: somebody else has to approve it")
    return found, part


def _found(cursor: Cursor, decision: int, actor: Actor) -> tuple[Decision, Part]:
    both = case_rows.lock_decision(cursor, decision)
    if both is None:
        may.check(actor, Right.DECIDE)
        raise NoSuchCaseError(f"there is no decision {decision}")
    return both


def _is_author(found: Decision, actor: Actor) -> bool:
    """On the command line there is no person: there the name tells."""
    if found.decided_by is None and actor.person is None:
        return found.actor == actor.name
    return found.decided_by == actor.person


def _choice(found: Decision) -> Choice:
    return Choice(found.status, found.justification, found.reason, found.until, found.until_at, found.due_at)


def _note(note: str) -> str:
    return plain(note) and fit_text(note, "note")
