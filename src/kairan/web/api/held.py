"""Held closings: what waits for a person, and the person's word."""

from collections.abc import Sequence
from typing import Literal

from django.http import HttpRequest
from ninja import Body, Path
from pydantic import ConfigDict, Field

from kairan.domain.rights import Right
from kairan.runtime import clock
from kairan.services import held
from kairan.store.queries import held_sets
from kairan.web.api import problems
from kairan.web.api.access import caller_of
from kairan.web.api.fields import Answer, Instant, Number
from kairan.web.api.operations import Operations
from kairan.web.api.problems import ProblemError

operations = Operations("held")
MOST = 1_000


class HeldClosing(Answer):
    """Sightings of one scope that a report no longer names, and that wait for a person before they are closed."""

    id: int
    state: str = Field(description="waiting, closed, kept, or replaced by a newer report.", examples=["waiting"])
    source: str
    scope: str
    kind: str
    as_of: Instant = Field(description="Of when the report is.")
    since: Instant
    reason: str
    sightings: int
    run: int
    report: str
    decided_at: Instant | None
    decided_by: str


class Held(Answer):
    """`more`: there are more than the first 1,000."""

    items: Sequence[HeldClosing]
    more: bool


class Decision(Answer):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"decision": "close"}]})

    decision: Literal["close", "keep"] = Field(
        description="`close`: they are gone, close them. `keep`: keep them open until the set changes."
    )


@operations.get("", right=Right.SEE, answers=Held)
def list_held(request: HttpRequest) -> Held:
    """List what waits for a decision, the newest first"""
    found = held_sets.waiting(limit=MOST + 1)
    return Held(items=[HeldClosing.model_validate(each) for each in found[:MOST]], more=len(found) > MOST)


@operations.get("/{number}", right=Right.SEE, answers=HeldClosing, wrong=(problems.NOT_FOUND,))
def get_held(request: HttpRequest, number: Path[Number]) -> HeldClosing:
    """Show a held closing"""
    return _found(number)


@operations.post(
    "/{number}/decision",
    right=Right.DECIDE_HELD,
    answers={200: HeldClosing},
    wrong=(problems.NOT_FOUND, problems.CONFLICT),
)
def decide_held(request: HttpRequest, number: Path[Number], said: Body[Decision]) -> HeldClosing:
    """Close what is held, or keep it open"""
    _found(number)
    caller = caller_of(request)
    held.decide(
        number,
        close=said.decision == "close",
        actor=caller.username,
        now=clock.now(),
        person=caller.person_id,
        origin=caller.origin,
    )
    return _found(number)


def _found(number: int) -> HeldClosing:
    found = held_sets.find(number)
    if found is None:
        raise ProblemError(problems.NOT_FOUND, f"there is no held closing {number}")
    return HeldClosing.model_validate(found)
