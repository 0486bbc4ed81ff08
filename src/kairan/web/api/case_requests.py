"""What requests about cases name: who asks, which case, which of its parts."""

from django.http import HttpRequest

from kairan.services.actor import Actor
from kairan.store.queries import case_page, which_case
from kairan.web.api import problems
from kairan.web.api.access import caller_of
from kairan.web.api.problems import ProblemError

CHANGES = (problems.NOT_FOUND, problems.CONFLICT)  # what may be wrong with what changes a case


def actor_of(request: HttpRequest) -> Actor:
    caller = caller_of(request)
    return Actor(caller.username, caller.person_id, caller.origin)


def found(number: int) -> case_page.Case:
    case = case_page.find(number)
    if case is None:
        raise ProblemError(problems.NOT_FOUND, f"there is no case C-{number}")
    return case


def check_part(number: int, part: int) -> None:
    if which_case.of_part(part) != number:
        raise ProblemError(problems.NOT_FOUND, f"C-{number} has no part {part}")
