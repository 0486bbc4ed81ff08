"""Use cases: decide of a part, move it, claim it as fixed, give it a date."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from kairan.domain.news import Code, News
from kairan.domain.triage import DECIDED, Status, check_move
from kairan.services import configuration, terms
from kairan.services.actor import Actor
from kairan.services.attempts import attempt, audit, news_of, own_part, tell
from kairan.services.choice import Choice, ChoiceError, Wrong, checked
from kairan.services.decided import Decided
from kairan.store.queries import case_rows
from kairan.store.queries.case_rows import Cursor, Part


def decide(part: int, choice: Choice, actor: Actor, now: datetime, *, batch: UUID | None = None) -> Decided:
    """Take a choice for a part. Where the case's rule wants an approver it waits for one, and the part stays as it is.

    ForbiddenError, ChoiceError, IllegalTransition, NoSuchCaseError.
    """
    with attempt(actor, "case.decide", f"part:{part}", now) as cursor:
        found = own_part(cursor, part, actor)
        fit = checked(choice, now)
        check_move(Status(found.status), Status(fit.status))
        if terms.is_known(cursor, part, fit.until, now):
            raise ChoiceError({"until": Wrong(f"{fit.until}_known")})
        return _take(cursor, found, fit, actor, now, batch)


def move(part: int, status: str, reason: str, actor: Actor, now: datetime) -> Decided:
    """Another status, with a word of why. The same checks, the same undo."""
    return decide(part, Choice(status, reason=reason), actor, now)


def fix(part: int, reason: str, actor: Actor, now: datetime) -> Decided:
    """The team says that it is fixed. Scans will tell."""
    return move(part, Status.FIX_CLAIMED, reason, actor, now)


def verify(part: int, reason: str, actor: Actor, now: datetime) -> Decided:
    """The fix is out: the next scan decides."""
    return move(part, Status.WAITING_FOR_VERIFICATION, reason, actor, now)


def set_due(part: int, due_at: datetime | None, actor: Actor, now: datetime) -> None:
    """By when the team acts; None takes the date away. The past is refused."""
    with attempt(actor, "case.due", f"part:{part}", now) as cursor:
        found = own_part(cursor, part, actor)
        checked(Choice(Status.TRIAGING, due_at=due_at), now)
        if found.due_at == due_at:
            return
        case_rows.set_due(cursor, part, due_at)
        said = {"old": _text(found.due_at), "new": _text(due_at)}
        tell(cursor, found.case, [news_of(found, Code.DUE, actor, now, **said)], now)
        before, after = {"due_at": said["old"]}, {"due_at": said["new"], "case": found.case}
        audit(cursor, actor, "case.due", f"part:{part}", before, after, now)


def needs_approval(status: str, rule: str) -> bool:
    """Does the rule that opened the case want somebody else's approval for this?"""
    rules = {each.name: each for each in configuration.active().rules or ()}
    return rule in rules and status in rules[rule].approve


def put_in_force(cursor: Cursor, part: Part, decision: int, choice: Choice, now: datetime) -> None:
    """The part follows the decision. Only what lasts until something ends it stays the part's decision."""
    case_rows.put_in_force(
        cursor,
        part,
        choice.status,
        decision=decision if choice.status in DECIDED else None,
        until_at=choice.until_at,
        due_at=choice.due_at,
        now=now,
    )


def news_for(part: Part, choice: Choice, decision: int, actor: Actor, now: datetime) -> list[News]:
    """What is told of a choice that is in force now."""
    told = {
        "status": choice.status,
        "justification": choice.justification,
        "reason": choice.reason,
        "until": choice.until,
        "until_at": _text(choice.until_at),
        "decision": decision,
    }
    if choice.status in DECIDED:
        return [news_of(part, Code.DECIDED, actor, now, **told)]
    if choice.status == Status.FIX_CLAIMED:
        return [news_of(part, Code.FIX_CLAIMED, actor, now, reason=choice.reason, decision=decision)]
    moved = {"old": part.status, "new": choice.status, "reason": choice.reason, "decision": decision}
    return [news_of(part, Code.MOVED, actor, now, **moved)]


def _take(cursor: Cursor, part: Part, choice: Choice, actor: Actor, now: datetime, batch: UUID | None) -> Decided:
    waits = needs_approval(choice.status, part.rule)
    state = "waiting" if waits else "effective"
    decision = _write(cursor, part, choice, state, actor, now, batch)
    news = news_for(part, choice, decision, actor, now)
    if waits:
        news = [news_of(part, Code.ASKED_APPROVAL, actor, now, **news[0].params)]
    else:
        put_in_force(cursor, part, decision, choice, now)
    tell(cursor, part.case, news, now)
    after = {**_audited(choice), "decision": decision, "state": state, "case": part.case}
    audit(cursor, actor, "case.decide", f"part:{part.id}", {"status": part.status}, after, now)
    return Decided(decision, part.id, part.case, state)


def _write(
    cursor: Cursor, part: Part, choice: Choice, state: str, actor: Actor, now: datetime, batch: UUID | None
) -> int:
    return case_rows.add_decision(
        cursor,
        part,
        status=choice.status,
        justification=choice.justification,
        reason=choice.reason,
        until=choice.until,
        until_at=choice.until_at,
        due_at=choice.due_at,
        evidence=[each.stored() for each in choice.evidence],
        state=state,
        decided_by_id=actor.person,
        actor=actor.name,
        decided_at=now,
        batch=batch,
    )


def _audited(choice: Choice) -> Mapping[str, object]:
    told = {
        "status": choice.status,
        "justification": choice.justification,
        "reason": choice.reason,
        "until": choice.until,
        "until_at": _text(choice.until_at),
        "due_at": _text(choice.due_at),
        "evidence": len(choice.evidence) or None,
    }
    return {name: value for name, value in told.items() if value}


def _text(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None
