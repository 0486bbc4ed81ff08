"""Teams: who is in them, what they own, how much of it is open."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest
from ninja import Path
from pydantic import Field

from kairan.domain.rights import Right
from kairan.store.queries import teams
from kairan.web.api import problems
from kairan.web.api.fields import Answer, Text
from kairan.web.api.operations import Operations
from kairan.web.api.problems import ProblemError

operations = Operations("teams")


class TeamRow(Answer):
    key: str = Field(examples=["payments"])
    name: str = Field(examples=["Payments"])
    language: str = Field(examples=["ja"])
    time_zone: str = Field(examples=["Asia/Tokyo"])
    members: int = Field(description="How many people with an account are in it.")
    open_findings: int
    open_cases: int = Field(
        description=f"With an unsettled part of this team; counted to {teams.MOST}: {teams.MOST + 1} stands for more."
    )
    retired: bool = Field(description="It is in kairan.yaml no more; cases remember it.")


class Teams(Answer):
    items: Sequence[TeamRow]


class Member(Answer):
    username: str
    name: str
    role: str = Field(examples=["member"])
    is_active: bool


class OwnershipRule(Answer):
    position: int = Field(description="Its place among all ownership rules, from 1: the first that fits wins.")
    matches: Mapping[str, Any] = Field(description="What has to fit.", examples=[{"repository": ["acme/*"]}])


class Team(TeamRow):
    people: Sequence[Member]
    others: Sequence[str] = Field(description="Members that kairan.yaml names and nobody logs in as.")
    channels: Mapping[str, str] = Field(description="Where it is told: destination and channel.")
    ownership: Sequence[OwnershipRule]


@operations.get("", right=Right.SEE, answers=Teams)
def list_teams(request: HttpRequest) -> Teams:
    """List teams"""
    return Teams(items=[TeamRow(**_facts(each)) for each in teams.everything()])


@operations.get("/{key}", right=Right.SEE, answers=Team, wrong=(problems.NOT_FOUND,))
def get_team(request: HttpRequest, key: Path[Text]) -> Team:
    """Show a team"""
    found = teams.find(key)
    if found is None:
        raise ProblemError(problems.NOT_FOUND, f"there is no team {key[:100]!r}")
    return Team(
        **_facts(found.team),
        people=[Member.model_validate(each) for each in found.members],
        others=found.team.others,
        channels=dict(found.team.channels),
        ownership=[OwnershipRule.model_validate(each) for each in found.rules],
    )


def _facts(known: teams.Team) -> dict[str, Any]:
    return {
        "key": known.key,
        "name": known.name,
        "language": known.language,
        "time_zone": known.time_zone,
        "members": known.members,
        "open_findings": known.open,
        "open_cases": known.cases,
        "retired": known.retired,
    }
