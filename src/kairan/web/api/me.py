"""Who the token stands for; what the problems mean."""

from collections.abc import Sequence

from django.http import HttpRequest
from ninja import Path
from pydantic import Field

from kairan.domain.rights import Right, TokenScope, may
from kairan.web.api import problems
from kairan.web.api.access import caller_of
from kairan.web.api.fields import Answer, Text
from kairan.web.api.operations import Operations
from kairan.web.api.problems import ProblemError

operations = Operations("me")
meanings = Operations("problems")


class Me(Answer):
    username: str = Field(examples=["hanako"])
    name: str
    role: str = Field(examples=["triager"])
    rights: Sequence[str] = Field(description="What the role may do.", examples=[["see", "import"]])
    scope: TokenScope = Field(description="What the token lets you do of it: look, or also change.")


@operations.get("", right=Right.SEE, answers=Me)
def get_me(request: HttpRequest) -> Me:
    """Show who you are"""
    caller = caller_of(request)
    rights = [right.value for right in Right if may(caller.role, right)]
    scope = TokenScope(caller.scope)
    return Me(username=caller.username, name=caller.name, role=caller.role, rights=rights, scope=scope)


class Meaning(Answer):
    type: str = Field(examples=["/api/v1/problems/bad-query"])
    title: str
    status: int
    meaning: str


@meanings.get("/{slug}", right=None, answers=Meaning, wrong=(problems.NOT_FOUND,))
def get_problem(request: HttpRequest, slug: Path[Text]) -> Meaning:
    """Explain a kind of problem

    This is what a problem's `type` leads to.
    """
    kind = problems.KINDS.get(slug)
    if kind is None:
        raise ProblemError(problems.NOT_FOUND, "there is no such kind of problem")
    return Meaning.model_validate(kind)
