"""Why a finding is in a case or not, whose it is, who was told; what nobody looks at, and what nobody acts upon."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

from django.http import HttpRequest
from ninja import Path, Query
from pydantic import ConfigDict, Field, PlainSerializer

from kairan.domain.rights import Right
from kairan.runtime import clock
from kairan.services import coverage as coverages
from kairan.services import explain
from kairan.services import noise as noises
from kairan.web.api import problems
from kairan.web.api.fields import Answer, FindingPath, Instant
from kairan.web.api.findings import operations
from kairan.web.api.operations import Operations
from kairan.web.api.problems import ProblemError

Seconds = Annotated[timedelta, PlainSerializer(lambda span: round(span.total_seconds()), return_type=int)]


class Term(Answer):
    text: str = Field(examples=["severity:>=high"])
    fits: bool


class RuleMatch(Answer):
    """A rule and what it is to the finding. `bar`: why a rule that fits has led to nothing."""

    position: int
    name: str
    when: str = Field(examples=["severity:>=high"])
    match: str = Field(examples=["opened"], description="opened, added, fits or misses")
    bar: str = Field(description="closed, waits or earlier; empty else.")
    terms: Sequence[Term]


class WhyOwner(Answer):
    team: str = Field(description="A team's key; empty: nobody's.")
    position: int | None = Field(description="The entry of the ownership that says so, from 1.")
    asks: Sequence[Sequence[str]] = Field(description="What the entry asks for: pairs of key and value.")


class WhyTold(Answer):
    """A message, or a place that a rule names and that was not told."""

    reason: str = Field(examples=["sent"])
    rule: str
    destination: str
    channel: str
    purpose: str = Field(examples=["team_post"])
    at: Instant | None
    error: str
    delivery: int | None


class FindingWhy(Answer):
    """`case`: its number. `configuration`: the version in force, 0 where none was applied."""

    case: int | None
    configuration: int
    rules: Sequence[RuleMatch]
    gone_rule: str = Field(description="The rule of its case, where the configuration no longer has it.")
    owner: WhyOwner
    told: Sequence[WhyTold]


@operations.get("/{number}/why", right=Right.SEE, answers=FindingWhy, wrong=(problems.NOT_FOUND,))
def get_finding_why(request: HttpRequest, number: Path[FindingPath]) -> FindingWhy:
    """Explain a finding

    Which rule matched, or which term of which rule did not; whose it is and by what; who was told, or why not.
    """
    found = explain.rules_of(number, clock.now())
    if found is None:
        raise ProblemError(problems.NOT_FOUND, f"there is no finding F-{number}")
    return FindingWhy(
        case=found.standing.case,
        configuration=found.version,
        rules=[RuleMatch.model_validate(each) for each in found.rules],
        gone_rule=found.gone_rule,
        owner=WhyOwner.model_validate(found.owner),
        told=[WhyTold.model_validate(each) for each in found.told],
    )


class GapRow(Answer):
    kind: str = Field(examples=["repository"])
    name: str
    where: str = Field(description="The source or destination it is about; empty else.")
    asset: int | None
    findings: int
    last: Instant | None
    every: Seconds | None = Field(description="Its usual rhythm, in seconds.")


class GapSection(Answer):
    gap: str = Field(examples=["overdue"])
    rows: Sequence[GapRow]
    more: bool


class Coverage(Answer):
    sections: Sequence[GapSection]


coverage = Operations("coverage")


@coverage.get("", right=Right.SEE, answers=Coverage)
def get_coverage(request: HttpRequest) -> Coverage:
    """List what nobody looks at

    As far as reports and the configuration tell: at most 100 rows of each gap.
    """
    found = coverages.coverage(clock.now())
    return Coverage(sections=[GapSection.model_validate(each) for each in found])


class NoiseAsked(Answer):
    model_config = ConfigDict(extra="forbid")

    days: int = Field(90, ge=1, le=3_660, description="What was told in so many days.")
    within: int = Field(14, ge=1, le=365, description="An action counts that came within so many days.")


class NoiseLine(Answer):
    rule: str
    destination: str
    channel: str
    channel_name: str
    messages: int
    cases: int
    acted: int = Field(description="A person did something about it in time.")
    fixed: int = Field(description="Nobody said anything, but scans showed in time that it is fixed.")
    ignored: int
    first_answer: Seconds | None = Field(description="The median time to the first answer, in seconds.")


class Noise(Answer):
    since: Instant
    until: Instant
    lines: Sequence[NoiseLine]
    without_action: Sequence[str] = Field(description="Rules that told, and of which nothing came.")


noise = Operations("noise")


@noise.get("", right=Right.SEE, answers=Noise)
def get_noise(request: HttpRequest, asked: Query[NoiseAsked]) -> Noise:
    """Compare what was told with what was acted upon, per rule and channel"""
    found = noises.noise(asked.days, asked.within, clock.now())
    lines = [NoiseLine.model_validate(each) for each in found.heard]
    return Noise(since=found.since, until=found.until, lines=lines, without_action=found.without_action)
