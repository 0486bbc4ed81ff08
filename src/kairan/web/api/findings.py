"""Findings: the list that a query lets through, one of them, and how many there are."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from ninja import Path, Query
from psycopg.sql import SQL
from pydantic import ConfigDict, Field

from kairan.domain.errors import ConfigError
from kairan.domain.query import parse
from kairan.domain.rights import Right
from kairan.runtime import clock
from kairan.store.queries import counting, listing
from kairan.store.queries import finding as one_finding
from kairan.store.queries.facets import facets
from kairan.store.queries.findings import Selection, count
from kairan.store.queries.search import select
from kairan.store.queries.walk import Sort
from kairan.web.api import cursors, problems
from kairan.web.api.answers import Finding, FindingRow, Findings
from kairan.web.api.fields import Answer, Asked, FindingPath, Text
from kairan.web.api.operations import Operations
from kairan.web.api.problems import ProblemError
from kairan.web.api.requests import invalid

MOST_COUNTED = 10_000
MOST_GROUPS = 1_000
MOST_KEYS = 3
operations = Operations("findings")
_QUERY = "The query language of the search bar. Empty: everything. Days that name no zone are UTC."


class FindingsAsked(Asked):
    q: Text = Field("", description=_QUERY, examples=["is:open severity:>=high"])
    sort: Sort = Field(
        Sort.SEVERITY, description="`number` never changes its order: the one for taking everything, page by page."
    )


@operations.get("", right=Right.SEE, answers=Findings, wrong=(problems.BAD_QUERY, problems.BAD_CURSOR))
def list_findings(request: HttpRequest, response: HttpResponse, asked: Query[FindingsAsked]) -> Findings:
    """Search findings"""
    place = cursors.read(asked.cursor, lambda text: listing.Cursor.parse(text, asked.sort))
    page = listing.page(_selected(asked.q), size=asked.limit, sort=asked.sort, after=place)
    following = cursors.write(page.after) if page.after else None
    cursors.link_next(request, response, following)
    return Findings(next=following, items=[FindingRow.model_validate(row) for row in page.rows])


@operations.get(
    "/{number}",
    right=Right.SEE,
    answers=Finding,
    wrong=(problems.NOT_FOUND,),
    more={
        "responses": {
            307: {
                "description": "It became part of another finding.",
                "headers": {"Location": {"required": True, "schema": {"type": "string"}}},
            }
        }
    },
)
def get_finding(request: HttpRequest, number: Path[FindingPath]) -> Finding | HttpResponse:
    """Show a finding

    With all that sources say of it, what publishers wrote, and what happened.
    """
    found = one_finding.find(number)
    if found is None:
        raise ProblemError(problems.NOT_FOUND, f"there is no finding F-{number}")
    if found.merged_into:  # not for ever: a merge can be undone
        return HttpResponseRedirect(f"/api/v1/findings/F-{found.merged_into}", status=307)
    return Finding.model_validate(found)


class CountsAsked(Answer):
    model_config = ConfigDict(extra="forbid")

    q: Text = Field("", description=_QUERY, examples=["is:open"])
    by: Text = Field(
        ...,
        max_length=200,
        description=f"What to group by, up to {MOST_KEYS} with commas: {', '.join(counting.KEYS)}.",
        examples=["severity,source"],
    )
    limit: int = Field(100, ge=1, le=MOST_GROUPS, description="How many groups at most, the largest first.")
    exact: bool = Field(False, description=f"Count all, however many; else the first {MOST_COUNTED:,} are looked at.")


class Group(Answer):
    values: Sequence[str | None] = Field(
        description="In the order of `by`; null where a finding has none.", examples=[["critical", "trivy"]]
    )
    count: int


class Counts(Answer):
    """`at_least`: there are more findings than were looked at. `more_groups`: there are more groups than `limit`."""

    by: Sequence[str]
    groups: Sequence[Group]
    at_least: bool
    more_groups: bool


counts = Operations("findings")


@counts.get("", right=Right.SEE, answers=Counts, wrong=(problems.BAD_QUERY,))
def count_findings(request: HttpRequest, asked: Query[CountsAsked]) -> Counts:
    """Count findings

    A finding with several values of a key (two sources) counts under each.
    """
    try:
        keys = counting.parse_keys(asked.by)
    except ConfigError as error:
        raise invalid([{"where": "query.by", "message": str(error)}]) from None
    if len(keys) > MOST_KEYS:
        raise invalid([{"where": "query.by", "message": f"findings are counted by at most {MOST_KEYS} keys at once"}])
    bounded, groups = _counted(_selected(asked.q), keys, most=asked.limit, exact=asked.exact)
    shown = [Group.model_validate(group) for group in groups[: asked.limit]]
    return Counts(by=keys, groups=shown, at_least=bounded, more_groups=len(groups) > asked.limit)


def _selected(query: str) -> Selection:
    """A `QueryError` becomes a problem that says where (api.app)."""
    return select(parse(query, clock.now(), UTC))


def _counted(
    selected: Selection, keys: Sequence[str], *, most: int, exact: bool
) -> tuple[bool, Sequence[counting.Group]]:
    """Groups (one more than `most` where there are more), and whether more findings were there than looked at."""
    if selected.tallied and len(keys) == 1 and keys[0] in _ROLLED_UP:
        found = facets(selected, keys).values[keys[0]]
        return False, [counting.Group((value,), number) for value, number in found]
    if exact or count(selected, most=MOST_COUNTED) <= MOST_COUNTED:
        return False, counting.count_by(selected, keys, most=most)
    first = SQL("f.id in (select f.id from finding f where {} limit {})").format(selected.where, MOST_COUNTED)
    return True, counting.count_by(replace(selected, where=first, tallied=None), keys, most=most)


_ROLLED_UP = {"severity", "kind"}  # exact at no cost: they have fewer values than a facet shows
