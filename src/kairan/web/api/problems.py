"""Problem Details (RFC 9457): how the API says what is wrong. Free of ninja: the pages' error handlers use it too."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse

from kairan.domain.errors import KairanError

MEDIA_TYPE = "application/problem+json"
PREFIX = "/api/"
_TYPES = "/api/v1/problems/"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem. `meaning` is what its page says: why, and what to do."""

    slug: str
    status: int
    title: str
    meaning: str

    @property
    def type(self) -> str:
        return _TYPES + self.slug


BAD_REQUEST = Kind(
    "bad-request",
    400,
    "The request could not be read",
    "The body is no JSON or no well-formed form, or the server was addressed by a name it does not answer to"
    " (KAIRAN_HOSTS).",
)
BAD_QUERY = Kind(
    "bad-query",
    400,
    "The query could not be understood",
    "`detail` says what is wrong with `q`, `position` where, counted in signs from 0. The query language is described"
    " in the reference.",
)
BAD_CURSOR = Kind(
    "bad-cursor",
    400,
    "The cursor does not belong to this list",
    "A cursor is used as it was given, with the same `sort`. Begin again without one.",
)
UNAUTHENTICATED = Kind(
    "unauthenticated",
    401,
    "Nobody is known by this token",
    "Send `Authorization: Bearer TOKEN` with a token of your account page. It may have expired or been revoked, or its"
    " person is no longer active.",
)
FORBIDDEN = Kind(
    "forbidden",
    403,
    "This person may not do that",
    "The role of the token's person lacks the right that the operation needs: an administrator can change the role.",
)
SCOPE = Kind(
    "insufficient-scope",
    403,
    "This token may only read",
    "The operation changes something. Make a token with the scope `write`.",
)
CSRF = Kind(
    "csrf",
    403,
    "A change by cookie needs the CSRF token",
    "Scripts send a token instead of a cookie. A page sends the header `X-CSRFToken`.",
)
NOT_FOUND = Kind("not-found", 404, "There is nothing here", "The address is wrong, or what it names does not exist.")
METHOD_NOT_ALLOWED = Kind(
    "method-not-allowed", 405, "This address does not take the method", "The header `Allow` says which it takes."
)
CONFLICT = Kind(
    "conflict", 409, "The state does not allow that", "Someone was faster, or it is settled already. Nothing changed."
)
TOO_LARGE = Kind(
    "too-large",
    413,
    "The body is too large",
    "Reports may be as large as KAIRAN_MAX_UPLOAD_BYTES says; pack them (gzip, zstd). Other bodies are short.",
)
UNSUPPORTED_MEDIA_TYPE = Kind(
    "unsupported-media-type", 415, "This kind of body is not taken", "`detail` says which content types are."
)
INVALID = Kind(
    "invalid",
    422,
    "A parameter or field is wrong",
    "`errors` lists each with its place (`query.limit`, `body.decision`) and what is wrong with it.",
)
TOO_MANY = Kind(
    "too-many-requests",
    429,
    "Too many requests",
    "Wait as many seconds as `Retry-After` says. One person has KAIRAN_API_RATE requests a minute.",
)
FAILED = Kind(
    "failed", 500, "Kairan could not answer", "The fault is on this side and was written to the server's log."
)
BUSY = Kind(
    "busy",
    503,
    "Too many large reports come in at once",
    "Nothing was taken in. Send it again after as many seconds as `Retry-After` says.",
)
TOO_SLOW = Kind(
    "too-slow",
    503,
    "The answer took too long and was given up",
    "Ask for less: a narrower `q`, a smaller `limit`, without `exact`.",
)
UNAVAILABLE = Kind("unavailable", 503, "The database cannot be reached", "Nothing is half done. Try again in a moment.")
KINDS: Mapping[str, Kind] = {
    kind.slug: kind
    for kind in (
        BAD_REQUEST,
        BAD_QUERY,
        BAD_CURSOR,
        UNAUTHENTICATED,
        FORBIDDEN,
        SCOPE,
        CSRF,
        NOT_FOUND,
        METHOD_NOT_ALLOWED,
        CONFLICT,
        TOO_LARGE,
        UNSUPPORTED_MEDIA_TYPE,
        INVALID,
        TOO_MANY,
        FAILED,
        BUSY,
        TOO_SLOW,
        UNAVAILABLE,
    )
}


class ProblemError(KairanError):
    """A request cannot be answered. `members` join the problem's own; `headers` go with the answer."""

    def __init__(
        self,
        kind: Kind,
        detail: str = "",
        *,
        members: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or kind.title)
        self.kind = kind
        self.detail = detail
        self.members = members or {}
        self.headers = headers or {}


def answer(problem: ProblemError) -> HttpResponse:
    """The problem as an HTTP answer."""
    kind = problem.kind
    told = {"type": kind.type, "title": kind.title, "status": kind.status}
    if problem.detail:
        told["detail"] = problem.detail.encode("utf-8", "replace").decode()
    body = json.dumps(told | dict(problem.members), ensure_ascii=False)
    headers = {"Cache-Control": "no-store", **problem.headers}
    return HttpResponse(body, status=kind.status, content_type=MEDIA_TYPE, headers=headers)


def is_api(request: HttpRequest) -> bool:
    """Is this a script's address? Then no page answers, whatever went wrong."""
    return request.path.startswith(PREFIX)


_BY_STATUS = {400: BAD_REQUEST, 403: FORBIDDEN, 404: NOT_FOUND, 413: TOO_LARGE, 500: FAILED, 503: TOO_SLOW}


def of_status(status: int) -> HttpResponse:
    """What Django's own error handlers say of an address of the API."""
    return answer(ProblemError(_BY_STATUS[HTTPStatus(status)]))
