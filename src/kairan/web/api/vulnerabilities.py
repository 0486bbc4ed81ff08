"""Vulnerabilities, by any of their ids."""

from collections.abc import Sequence
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query
from pydantic import Field

from kairan.domain.rights import Right
from kairan.store.queries import finding as one_finding
from kairan.store.queries import vulnerability
from kairan.store.queries import vulnerability_touches as touches
from kairan.web.api import cursors, problems
from kairan.web.api.answers import Advisory, Assertion, Spread, TouchedAsset, TouchedAssets, Vulnerability
from kairan.web.api.fields import Asked, Text
from kairan.web.api.operations import Operations
from kairan.web.api.problems import ProblemError

operations = Operations("vulnerabilities")
_MOST = 2**31 - 1
Identifier = Annotated[
    Text, Field(max_length=500, description="Any id, in any case.", examples=["CVE-2021-44228", "GHSA-jfh8-c2jp-5v3q"])
]


@operations.get(
    "/{path:identifier}/assets",
    right=Right.SEE,
    answers=TouchedAssets,
    wrong=(problems.NOT_FOUND, problems.BAD_CURSOR),
)
def list_touched_assets(
    request: HttpRequest, response: HttpResponse, identifier: Path[Identifier], asked: Query[Asked]
) -> TouchedAssets:
    """List the assets that have a vulnerability"""
    number = _number(identifier)
    page = touches.page(number, size=asked.limit, after=cursors.read(asked.cursor, _place))
    following = cursors.write(page.after) if page.after else None
    cursors.link_next(request, response, following)
    return TouchedAssets(next=following, items=[TouchedAsset.model_validate(asset) for asset in page.assets])


@operations.get("/{path:identifier}", right=Right.SEE, answers=Vulnerability, wrong=(problems.NOT_FOUND,))
def get_vulnerability(request: HttpRequest, identifier: Path[Identifier]) -> Vulnerability:
    """Show a vulnerability

    Its ids and who says that they are one, what publishers wrote, how far it has spread here.
    """
    number = _number(identifier)
    known = vulnerability.identity(number)
    return Vulnerability(
        id=known.primary_id,
        kind=known.kind,
        ids=known.ids,
        assertions=[Assertion.model_validate(each) for each in known.assertions],
        advisories=[Advisory.model_validate(each) for each in one_finding.advisories_of(number)],
        findings=_spread(number),
    )


def _number(identifier: str) -> int:
    number = vulnerability.number_of(identifier)
    if number is None:
        raise ProblemError(problems.NOT_FOUND, f"no vulnerability is called {identifier}")
    return number


def _spread(number: int) -> Spread:
    told = touches.spread(number)

    def counted(counts: Sequence[touches.Count], is_open: bool) -> dict[str, int]:
        return {each.severity.word: each.number for each in counts if each.is_open is is_open}

    return Spread(
        open=counted(told.counts, True),
        closed=counted(told.counts, False),
        assets=told.assets,
        open_assets=told.open_assets,
        at_least=told.bounded,
    )


def _place(text: str) -> touches.Place | None:
    place = touches.Place.parse(text)
    return place if place and all(-1 <= part <= _MOST for part in place) else None
