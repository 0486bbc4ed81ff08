"""Cases: list, one, what happened; decisions, claims, comments, approval, undo, many at once.

Operations that change something ask their use case for the right: it depends on whose part it is, and a refused attempt
is written into the audit log.
"""

from dataclasses import asdict

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from ninja import Body, Path, Query
from pydantic import ConfigDict, Field

from kairan.domain.answer import Said
from kairan.domain.rights import Right
from kairan.domain.triage import State, Status
from kairan.runtime import clock
from kairan.services import baseline, bulk, telling_teams, ticketing, triage
from kairan.services.choice import ChoiceError, Wrong
from kairan.store.connection import raw_cursor
from kairan.store.queries import bulk_rows, case_list, case_page
from kairan.store.queries.case_filter import Filter
from kairan.store.queries.case_list import Sort
from kairan.web.api import cursors, problems
from kairan.web.api.case_answers import (
    Bulk,
    BulkSaid,
    Case,
    CaseEvents,
    CaseRow,
    Cases,
    Decided,
    DecisionSaid,
    Done,
    MessageSaid,
    MessageSent,
    NoteSaid,
    Nothing,
    TextSaid,
    TicketMade,
)
from kairan.web.api.case_requests import CHANGES, actor_of, check_part, found
from kairan.web.api.fields import Asked, CasePath, Number, Text
from kairan.web.api.operations import Operations
from kairan.web.api.problems import ProblemError
from kairan.web.api.requests import Body as JsonBody

operations = Operations("cases")
decisions = Operations("cases")
bulk_decisions = Operations("cases")
_MANY = JsonBody(("application/json",), most=512 << 10)  # bulk.MOST of the longest numbers, and a reason


class CasesAsked(Asked):
    model_config = ConfigDict(extra="forbid")

    state: State | None = Field(None, description="Without it all are listed.")
    status: Status | None = Field(None, description="A part has this status.")
    team: Text = Field("", max_length=100, description="A part is this team's (its key; `-`: nobody's).")
    rule: Text = Field("", max_length=100)
    q: Text = Field("", max_length=200, description="In its title, its ids or its assets' names.")
    sort: Sort = Sort.SEVERITY


@operations.get("", right=Right.SEE, answers=Cases, wrong=(problems.BAD_CURSOR,))
def list_cases(request: HttpRequest, response: HttpResponse, asked: Query[CasesAsked]) -> Cases:
    """List cases"""
    place = cursors.read(asked.cursor, lambda text: text if case_list.known_place(text, asked.sort) else None)
    wanted = Filter(
        state=asked.state or "",
        status=(asked.status,) if asked.status else (),
        team=asked.team,
        rule=asked.rule,
        text=asked.q.strip(),
    )
    page = case_list.page(wanted, asked.sort, size=asked.limit, after=place or "")
    following = cursors.write(page.after) if page.after else None
    cursors.link_next(request, response, following)
    return Cases(next=following, items=[CaseRow.model_validate(row) for row in page.rows])


@operations.get(
    "/{number}",
    right=Right.SEE,
    answers=Case,
    wrong=(problems.NOT_FOUND,),
    more={
        "responses": {
            307: {
                "description": "It became part of another case.",
                "headers": {"Location": {"required": True, "schema": {"type": "string"}}},
            }
        }
    },
)
def get_case(request: HttpRequest, number: Path[CasePath]) -> Case | HttpResponse:
    """Show a case

    With its parts, their decisions, and its findings.
    """
    case = found(number)
    if case.merged_into:
        return HttpResponseRedirect(f"/api/v1/cases/C-{case.merged_into}", status=307)
    said = {name: getattr(case, name) for name in case.__slots__}
    said |= {"open_findings": case.findings}
    return Case.model_validate(
        said | {"parts": case_page.parts(number), "findings": case_page.findings(number)}, from_attributes=True
    )


@operations.get("/{number}/events", right=Right.SEE, answers=CaseEvents, wrong=(problems.NOT_FOUND,))
def list_case_events(request: HttpRequest, number: Path[CasePath]) -> CaseEvents:
    """List what happened to a case"""
    found(number)
    return CaseEvents.model_validate({"items": case_page.events(number)}, from_attributes=True)


@operations.post("/{number}/comments", right=Right.SEE, answers={200: Done}, wrong=CHANGES)
def comment_on_case(request: HttpRequest, number: Path[CasePath], said: Body[TextSaid]) -> Done:
    """Comment on a case

    Needs the right `comment`.
    """
    triage.comment(number, said.text, actor_of(request), clock.now())
    return Done()


@operations.post("/{number}/ticket", right=Right.SEE, answers={200: TicketMade}, wrong=CHANGES)
def make_ticket(request: HttpRequest, number: Path[CasePath], said: Body[Nothing]) -> TicketMade:
    """Make a ticket of a case

    Needs the right `decide`. One for each case, however often it is asked for.
    """
    answer = ticketing.make_ticket(number, actor_of(request), clock.now())
    if answer.code is Said.NO_TICKETS:
        raise ProblemError(problems.CONFLICT, "no destination of the configuration makes tickets")
    told = {name: str(answer.params.get(name, "")) for name in ("destination", "url")}
    return TicketMade(outcome=answer.code, **told)


@operations.post("/{number}/messages", right=Right.SEE, answers={200: MessageSent}, wrong=CHANGES)
def write_to_teams(request: HttpRequest, number: Path[CasePath], said: Body[MessageSaid]) -> MessageSent:
    """Write to a case's teams

    Needs the right `decide`. It goes below the case's post in each team's channel and cannot be taken back.
    """
    answer = telling_teams.write(number, said.parts, said.text, actor_of(request), clock.now())
    if answer.errors:
        fields = {"channels": "parts", "message": "text"}
        raise ChoiceError({fields[name]: Wrong(each.code, each.params) for name, each in answer.errors.items()})
    if answer.code is Said.ILLEGAL:
        raise ProblemError(problems.CONFLICT, f"C-{number} is closed")
    if answer.code is Said.SENT_BEFORE:
        return MessageSent.model_validate({"teams": [], "again": answer.params["teams"]})
    return MessageSent.model_validate(answer.params)


@operations.post("/{number}/release", right=Right.SEE, answers={200: Done}, wrong=CHANGES)
def release_case(request: HttpRequest, number: Path[CasePath], said: Body[Nothing]) -> Done:
    """Tell a case of a silent baseline now

    Needs the right `decide`. `done` is false where nothing of it waited.
    """
    found(number)
    return Done(done=baseline.release_case(number, actor_of(request), clock.now()))


@operations.post("/{number}/parts/{part}/decision", right=Right.SEE, answers={200: Decided}, wrong=CHANGES)
def decide_part(request: HttpRequest, number: Path[CasePath], part: Path[Number], said: Body[DecisionSaid]) -> Decided:
    """Decide of a part, or move it

    Needs the right `answer` for one's own teams' parts, `decide` for all others.
    """
    check_part(number, part)
    return Decided.model_validate(triage.decide(part, said.choice, actor_of(request), clock.now()))


@operations.post("/{number}/parts/{part}/claim", right=Right.SEE, answers={200: Done}, wrong=CHANGES)
def claim_part(request: HttpRequest, number: Path[CasePath], part: Path[Number], said: Body[Nothing]) -> Done:
    """Take care of a part

    Needs the right `answer` for one's own teams' parts, `decide` for all others.
    """
    check_part(number, part)
    triage.claim(part, actor_of(request), clock.now())
    return Done()


@decisions.post("/{number}/approval", right=Right.SEE, answers={200: Done}, wrong=CHANGES)
def approve_decision(request: HttpRequest, number: Path[Number], said: Body[NoteSaid]) -> Done:
    """Approve a decision that waits

    Needs the right `approve`; never by who decided it.
    """
    triage.approve(number, actor_of(request), clock.now(), said.note)
    return Done()


@decisions.post("/{number}/refusal", right=Right.SEE, answers={200: Done}, wrong=CHANGES)
def refuse_decision(request: HttpRequest, number: Path[Number], said: Body[TextSaid]) -> Done:
    """Refuse a decision that waits, with a reason

    Needs the right `approve`; never by who decided it.
    """
    triage.refuse(number, actor_of(request), clock.now(), said.text)
    return Done()


@decisions.post("/{number}/undo", right=Right.SEE, answers={200: Done}, wrong=CHANGES)
def undo_decision(request: HttpRequest, number: Path[Number], said: Body[Nothing]) -> Done:
    """Take a decision back, within 10 minutes

    By who decided it, or with the right `decide`.
    """
    triage.undo(number, actor_of(request), clock.now())
    return Done()


@bulk_decisions.post("", right=Right.SEE, answers={202: Bulk}, wrong=(), body=_MANY)
def decide_many(request: HttpRequest, said: Body[BulkSaid]) -> Bulk:
    """Decide for many parts at once

    Needs the right `decide`. The worker does it: ask for the progress by its number.
    """
    number = bulk.start("api", said.parts, said.decision.choice, actor_of(request), clock.now())
    return _bulk(number)


@bulk_decisions.get("/{number}", right=Right.SEE, answers=Bulk, wrong=(problems.NOT_FOUND,))
def get_bulk_decision(request: HttpRequest, number: Path[Number]) -> Bulk:
    """Show how far it is, and what was refused"""
    return _bulk(number)


@bulk_decisions.post("/{number}/undo", right=Right.SEE, answers={200: Bulk}, wrong=CHANGES)
def undo_bulk_decision(request: HttpRequest, number: Path[Number], said: Body[Nothing]) -> Bulk:
    """Stop it, or take all of it back, within 10 minutes

    Needs the right `decide`.
    """
    bulk.ask_undo(number, actor_of(request), clock.now())
    return _bulk(number)


def _bulk(number: int) -> Bulk:
    found = bulk_rows.find(raw_cursor(), number)
    if found is None:
        raise ProblemError(problems.NOT_FOUND, f"there is no bulk decision {number}")
    return Bulk.model_validate(asdict(found) | {"total": found.total})
