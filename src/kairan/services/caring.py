"""Use cases: take care of a part, talk about a case, ask those who triage, watch."""

from datetime import datetime

from kairan.domain.errors import ForbiddenError, IllegalTransition
from kairan.domain.news import Code, News
from kairan.domain.rights import Right
from kairan.domain.triage import SETTLED, Status
from kairan.services import may
from kairan.services.actor import Actor
from kairan.services.attempts import NoSuchCaseError, attempt, audit, news_of, own_part, tell
from kairan.services.choice import fit_text
from kairan.store.queries import case_rows
from kairan.store.queries.case_rows import Cursor


def claim(part: int, actor: Actor, now: datetime) -> None:
    """Take care of a part, also where somebody else did. A new part is looked into from now on."""
    with attempt(actor, "case.claim", f"part:{part}", now) as cursor:
        found = own_part(cursor, part, actor)
        person = _somebody(actor)
        if found.status in SETTLED:
            raise IllegalTransition(f"a part that is {found.status} needs nobody to take care of it")
        if found.claimed_by == person and found.status != Status.NEW:
            return
        case_rows.claim(cursor, part, person, now)
        if found.status == Status.NEW:
            case_rows.put_in_force(cursor, found, Status.TRIAGING, decision=None, until_at=None, due_at=None, now=now)
        tell(cursor, found.case, [news_of(found, Code.CLAIMED, actor, now)], now)
        before = {"person": found.claimed_by, "status": found.status}
        audit(cursor, actor, "case.claim", f"part:{part}", before, {"person": person, "case": found.case}, now)


def unclaim(part: int, actor: Actor, now: datetime) -> None:
    """Take care of it no longer. Another's claim is lifted only by who may decide for any team."""
    with attempt(actor, "case.unclaim", f"part:{part}", now) as cursor:
        found = own_part(cursor, part, actor)
        if found.claimed_by is None:
            return
        if found.claimed_by != actor.person:
            may.check(actor, Right.DECIDE)
        case_rows.claim(cursor, part, None, None)
        tell(cursor, found.case, [news_of(found, Code.UNCLAIMED, actor, now)], now)
        audit(cursor, actor, "case.unclaim", f"part:{part}", {"person": found.claimed_by}, {"case": found.case}, now)


def comment(case: int, text: str, actor: Actor, now: datetime) -> None:
    """Say something about a case, to all who read it."""
    with attempt(actor, "case.comment", f"case:{case}", now) as cursor:
        may.check(actor, Right.COMMENT)
        _case(cursor, case)
        said = fit_text(text)
        tell(cursor, case, [_said(case, Code.COMMENTED, actor, now, text=said)], now)
        audit(cursor, actor, "case.comment", f"case:{case}", None, {"text": said}, now)


def ask(part: int, text: str, actor: Actor, now: datetime) -> None:
    """A team asks those who triage."""
    with attempt(actor, "case.ask", f"part:{part}", now) as cursor:
        found = own_part(cursor, part, actor)
        said = fit_text(text)
        tell(cursor, found.case, [news_of(found, Code.ASKED, actor, now, text=said)], now)
        audit(cursor, actor, "case.ask", f"part:{part}", None, {"text": said, "case": found.case}, now)


def watch(case: int, actor: Actor, now: datetime) -> None:
    """Have a case among those that one watches."""
    with attempt(actor, "case.watch", f"case:{case}", now) as cursor:
        may.check(actor, Right.SEE)
        _case(cursor, case)
        if case_rows.watch(cursor, case, _somebody(actor)):
            audit(cursor, actor, "case.watch", f"case:{case}", None, None, now)


def unwatch(case: int, actor: Actor, now: datetime) -> None:
    with attempt(actor, "case.unwatch", f"case:{case}", now) as cursor:
        may.check(actor, Right.SEE)
        if case_rows.unwatch(cursor, case, _somebody(actor)):
            audit(cursor, actor, "case.unwatch", f"case:{case}", None, None, now)


def _somebody(actor: Actor) -> int:
    """Whom it would be about: the command line is nobody in particular."""
    if actor.person is None:
        raise ForbiddenError("this is for a person: log in and do it on the case's page")
    return actor.person


def _case(cursor: Cursor, case: int) -> None:
    if not case_rows.lock_case(cursor, case):
        raise NoSuchCaseError(f"there is no case C-{case}")


def _said(case: int, code: Code, actor: Actor, now: datetime, /, **params: object) -> News:
    return News(case, code, now, None, params, actor.name, actor.person)
