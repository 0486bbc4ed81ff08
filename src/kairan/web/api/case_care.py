"""Caring for one case: questions, dates, who takes care of it, who watches it. As on its page."""

from django.http import HttpRequest
from ninja import Body, Path

from kairan.domain.rights import Right
from kairan.runtime import clock
from kairan.services import triage
from kairan.web.api.case_answers import Done, DueSaid, Nothing, TextSaid
from kairan.web.api.case_requests import CHANGES, actor_of, check_part, found
from kairan.web.api.fields import CasePath, Number
from kairan.web.api.operations import Operations

operations = Operations("cases")


@operations.post("/parts/{part}/unclaim", right=Right.SEE, answers={200: Done}, wrong=CHANGES)
def unclaim_part(request: HttpRequest, number: Path[CasePath], part: Path[Number], said: Body[Nothing]) -> Done:
    """Take care of a part no longer

    Needs the right `answer` for one's own teams' parts, `decide` for all others and to lift another's claim.
    """
    check_part(number, part)
    triage.unclaim(part, actor_of(request), clock.now())
    return Done()


@operations.post("/parts/{part}/question", right=Right.SEE, answers={200: Done}, wrong=CHANGES)
def ask_about_part(request: HttpRequest, number: Path[CasePath], part: Path[Number], said: Body[TextSaid]) -> Done:
    """Ask those who triage about a part

    Needs the right `answer` for one's own teams' parts, `decide` for all others.
    """
    check_part(number, part)
    triage.ask(part, said.text, actor_of(request), clock.now())
    return Done()


@operations.post("/parts/{part}/due", right=Right.SEE, answers={200: Done}, wrong=CHANGES)
def set_part_due(request: HttpRequest, number: Path[CasePath], part: Path[Number], said: Body[DueSaid]) -> Done:
    """Say by when a part is due, or take the date away

    Needs the right `answer` for one's own teams' parts, `decide` for all others.
    """
    check_part(number, part)
    triage.set_due(part, said.due_at, actor_of(request), clock.now())
    return Done()


@operations.post("/watch", right=Right.SEE, answers={200: Done}, wrong=CHANGES)
def watch_case(request: HttpRequest, number: Path[CasePath], said: Body[Nothing]) -> Done:
    """Watch a case"""
    found(number)
    triage.watch(number, actor_of(request), clock.now())
    return Done()


@operations.post("/unwatch", right=Right.SEE, answers={200: Done}, wrong=CHANGES)
def unwatch_case(request: HttpRequest, number: Path[CasePath], said: Body[Nothing]) -> Done:
    """Watch a case no longer"""
    found(number)
    triage.unwatch(number, actor_of(request), clock.now())
    return Done()
