"""How an operation is declared: its address, the right it needs, what it answers, what may go wrong."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from ninja import Router

from kairan.domain.rights import Right
from kairan.web.api import problems
from kairan.web.api.access import Guard
from kairan.web.api.problems import Kind
from kairan.web.api.requests import Body

_View = TypeVar("_View", bound=Callable[..., Any])
_ALWAYS = (problems.INVALID, problems.TOO_MANY, problems.FAILED, problems.UNAVAILABLE, problems.TOO_SLOW)
JSON = Body(("application/json",))


class Operations:
    """The operations of one subject. Each names its right; there is no way to declare one without."""

    def __init__(self, subject: str) -> None:
        self.router = Router(tags=[subject])

    def get(
        self,
        path: str,
        *,
        right: Right | None,
        answers: object,
        wrong: Sequence[Kind] = (),
        more: Mapping[str, Any] | None = None,
    ) -> Callable[[_View], _View]:
        """An operation that changes nothing. `wrong` are the problems beyond those that any may have."""
        return self._declare("GET", path, Guard(right), {200: answers}, wrong, more)

    def post(
        self,
        path: str,
        *,
        right: Right,
        answers: Mapping[int, object],
        wrong: Sequence[Kind] = (),
        body: Body = JSON,
        more: Mapping[str, Any] | None = None,
    ) -> Callable[[_View], _View]:
        """An operation that changes something: a token needs the scope `write`."""
        known = (problems.BAD_REQUEST, problems.TOO_LARGE, problems.UNSUPPORTED_MEDIA_TYPE, *wrong)
        return self._declare("POST", path, Guard(right, body), answers, known, more)

    def _declare(
        self,
        method: str,
        path: str,
        guard: Guard,
        answers: Mapping[int, object],
        wrong: Sequence[Kind],
        more: Mapping[str, Any] | None,
    ) -> Callable[[_View], _View]:
        if guard.right is not None:
            wrong = (problems.UNAUTHENTICATED, problems.FORBIDDEN, *wrong)
        told = {"x-right": guard.right.value if guard.right else None, "x-problems": [k.slug for k in _ordered(wrong)]}

        def declare(view: _View) -> _View:
            operation = self.router.api_operation(
                [method], path, auth=[guard], response=dict(answers), openapi_extra=told | dict(more or {})
            )
            return operation(view)

        return declare


def _ordered(wrong: Sequence[Kind]) -> list[Kind]:
    return sorted({*wrong, *_ALWAYS}, key=lambda kind: (kind.status, kind.slug))
