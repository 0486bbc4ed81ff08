"""Who asks, and may they: a guard stands before each operation. An operation without one is refused."""

import time
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

from kairan.domain.rights import Right, TokenScope, may
from kairan.runtime import clock
from kairan.services import tokens
from kairan.store.models import Person
from kairan.web.address import address_of
from kairan.web.api import problems
from kairan.web.api.problems import ProblemError
from kairan.web.api.rates import Buckets, Standing
from kairan.web.api.requests import Body, check_parameters

_REALM = 'Bearer realm="Kairan"'
_SAFE = frozenset({"GET", "HEAD"})
_buckets = Buckets(settings.API_RATE)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `token_id` is None for someone who is logged in by a browser. `origin` goes into the audit."""

    person_id: int | None
    username: str
    name: str
    role: str
    scope: str
    token_id: int | None
    origin: str


class Guard:
    """What an operation asks for before it runs: a right (None: open to anyone), and a request that makes sense.

    `parameters` are the names that a query may hold (api.app fills them in from the operation); `body` what its body
    may be.
    """

    def __init__(self, right: Right | None, body: Body | None = None) -> None:
        self.right = right
        self.body = body
        self.parameters: frozenset[str] = frozenset()

    def __call__(self, request: HttpRequest) -> Caller:
        caller = _anyone(request) if self.right is None else _identified(request)
        key = f"person:{caller.person_id}" if caller.person_id else f"address:{address_of(request)}"
        _count(request, key)
        if self.right is not None:
            _check_right(request, caller, self.right)
        check_parameters(request, self.parameters)
        if self.body:
            self.body.check(request)
        return caller


class Closed:
    """Stands before every operation that declares nothing: a forgotten declaration is a closed door."""

    def __call__(self, request: HttpRequest) -> Caller:
        raise ProblemError(problems.FORBIDDEN, "this operation declares no right")


def caller_of(request: HttpRequest) -> Caller:
    """Who passed the guard."""
    caller = request.auth  # type: ignore[attr-defined]  # where ninja puts what a guard answers
    assert isinstance(caller, Caller)
    return caller


def standing_of(request: HttpRequest) -> Standing | None:
    return getattr(request, "kairan_standing", None)


def _count(request: HttpRequest, key: str) -> None:
    standing = _buckets.take(key, time.monotonic())
    request.kairan_standing = standing  # type: ignore[attr-defined]  # a request takes attributes
    if standing and standing.wait:
        raise ProblemError(problems.TOO_MANY, f"there are {standing.limit} requests a minute")


def _anyone(request: HttpRequest) -> Caller:
    return Caller(None, "", "", "", TokenScope.READ, None, _origin(request))


def _identified(request: HttpRequest) -> Caller:
    """The token's person, or who is logged in. A token that does not count is never made up for by a cookie."""
    given = request.headers.get("Authorization")
    caller = _by_token(request, given) if given is not None else _by_session(request)
    if caller is None:
        _count(request, f"address:{address_of(request)}")
        error = ', error="invalid_token"' if given is not None else ""
        raise ProblemError(problems.UNAUTHENTICATED, headers={"WWW-Authenticate": _REALM + error})
    return caller


def _by_token(request: HttpRequest, given: str) -> Caller | None:
    scheme, _, text = given.partition(" ")
    bearer = tokens.authenticate(text.strip(), clock.now()) if scheme.lower() == "bearer" else None
    if bearer is None:
        return None
    return Caller(
        bearer.person_id,
        bearer.username,
        bearer.name,
        bearer.role,
        bearer.scope,
        bearer.token_id,
        _origin(request),
    )


def _by_session(request: HttpRequest) -> Caller | None:
    person = request.user
    if not isinstance(person, Person) or not person.is_authenticated:
        return None
    return Caller(person.pk, person.username, person.name, person.role, TokenScope.WRITE, None, _origin(request))


def _check_right(request: HttpRequest, caller: Caller, right: Right) -> None:
    if not may(caller.role, right):
        raise ProblemError(problems.FORBIDDEN, f"{caller.username} may not: it needs the right {right.value}")
    if request.method in _SAFE:
        return
    if caller.scope != TokenScope.WRITE:
        told = f'{_REALM}, error="insufficient_scope", scope="{TokenScope.WRITE.value}"'
        raise ProblemError(problems.SCOPE, headers={"WWW-Authenticate": told})
    if caller.token_id is None:
        _check_csrf(request)


def _check_csrf(request: HttpRequest) -> None:
    """Browsers send cookies on their own: a change by cookie needs the token that only our own pages know."""
    if "X-CSRFToken" not in request.headers:
        raise ProblemError(problems.CSRF)
    check = CsrfViewMiddleware(_unexempted)
    request.csrf_processing_done = False  # type: ignore[attr-defined]  # the entry is exempt, this check is not
    check.process_request(request)
    if check.process_view(request, _unexempted, (), {}) is not None:
        raise ProblemError(problems.CSRF)


def _unexempted(request: HttpRequest) -> HttpResponse:
    """Stands for a view that no decorator exempts; it is looked at and never called."""
    raise AssertionError("unreachable")


def _origin(request: HttpRequest) -> str:
    return f"API {address_of(request)}".strip()
