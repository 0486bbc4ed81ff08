"""Runs: what was read, what became of it, what could not be used."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query
from pydantic import Field

from kairan.domain.rights import Right
from kairan.store.queries import reject_list, run, run_list
from kairan.web.api import cursors, problems
from kairan.web.api.fields import Answer, Asked, Instant, Listed, Number, Text
from kairan.web.api.operations import Operations
from kairan.web.api.problems import ProblemError

operations = Operations("runs")
Trait = Literal["", "failed", "new", "rejected", "stale", "held"]
assert {*run_list.STATES, ""} == set(Trait.__args__)  # type: ignore[attr-defined]  # a Literal has them


class RunRow(Answer):
    """One reading of one report."""

    id: int
    source: str = Field(examples=["trivy"])
    trigger: str = Field(examples=["import"])
    name: str = Field(description="The file's name.", examples=["report.json"])
    title: str
    state: str = Field(examples=["done"])
    as_of: Instant | None = Field(description="Of when the report is.")
    started_at: Instant
    finished_at: Instant | None
    counts: Mapping[str, Any] = Field(
        description="Records by kind, and by what became of them.", examples=[{"opened": 12, "unchanged": 230}]
    )
    is_stale: bool = Field(description="The report is older than what was known.")
    error: str


class Runs(Listed):
    items: Sequence[RunRow]


class HeldHere(Answer):
    id: int
    scope: str
    sightings: int = Field(validation_alias="number")
    state: str = Field(examples=["waiting"])


class Run(RunRow):
    part: int = Field(description="Its number among the reports of one file.")
    parser_version: int
    options: Mapping[str, Any]
    upload: int | None = Field(description="The import that it belongs to.")
    same_as: int | None = Field(description="The first run of the same bytes, where this one had nothing new to read.")
    held: Sequence[HeldHere]


class Reject(Answer):
    position: str = Field(description="Where in the report.", examples=["Results[0].Vulnerabilities[3]"])
    kind: str
    reason: str = Field(examples=["the record names no id"])
    raw: str = Field(description="The record as it came, without the value of a secret.")


class Rejects(Listed):
    items: Sequence[Reject]


class RunsAsked(Asked):
    source: Text = Field("", max_length=200, description="Only of this source.", examples=["trivy"])
    only: Trait = Field("", description="Only those that failed, brought something new, rejected records …")


@operations.get("", right=Right.SEE, answers=Runs, wrong=(problems.BAD_CURSOR,))
def list_runs(request: HttpRequest, response: HttpResponse, asked: Query[RunsAsked]) -> Runs:
    """List runs, the newest first"""
    place = cursors.read(asked.cursor, run_list.Cursor.parse)
    page = run_list.page(run_list.Filter(asked.source, asked.only), size=asked.limit, after=place)
    following = cursors.write(page.after) if page.after else None
    cursors.link_next(request, response, following)
    return Runs(next=following, items=[RunRow.model_validate(row) for row in page.rows])


@operations.get("/{number}", right=Right.SEE, answers=Run, wrong=(problems.NOT_FOUND,))
def get_run(request: HttpRequest, number: Path[Number]) -> Run:
    """Show a run"""
    return Run.model_validate(_found(number))


@operations.get("/{number}/rejects", right=Right.SEE, answers=Rejects, wrong=(problems.NOT_FOUND, problems.BAD_CURSOR))
def list_rejects(request: HttpRequest, response: HttpResponse, number: Path[Number], asked: Query[Asked]) -> Rejects:
    """List the records of a run that could not be used"""
    place = cursors.read(asked.cursor, cursors.number)
    _found(number)
    page = reject_list.page(number, size=asked.limit, after=place)
    following = cursors.write(page.after) if page.after else None
    cursors.link_next(request, response, following)
    return Rejects(next=following, items=[Reject.model_validate(each) for each in page.rejects])


def _found(number: int) -> run.Detail:
    found = run.find(number)
    if found is None:
        raise ProblemError(problems.NOT_FOUND, f"there is no run {number}")
    return found
