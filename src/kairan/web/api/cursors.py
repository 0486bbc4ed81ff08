"""Cursors: a place in a list, as text that clients keep and send back. What it says is nobody's business but ours."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse

from kairan.web.api import problems
from kairan.web.api.problems import ProblemError

LONGEST = 500
_T = TypeVar("_T")


def write(place: object) -> str:
    return urlsafe_b64encode(str(place).encode()).decode().rstrip("=")


def read(text: str, parse: Callable[[str], _T | None]) -> _T | None:
    """The place a cursor stands for; None for no cursor. A text that is none of this list is a problem."""
    if not text:
        return None
    try:
        place = parse(urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode())
    except (binascii.Error, ValueError):
        place = None
    if place is None:
        raise ProblemError(problems.BAD_CURSOR)
    return place


def number(text: str) -> int | None:
    """A place that is the number of a row."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def link_next(request: HttpRequest, response: HttpResponse, cursor: str | None) -> None:
    """Say in a `Link` header where the list goes on."""
    if cursor:
        asked = {name: value for name, value in request.GET.items() if name != "cursor"}
        address = f"{request.path}?{urlencode(asked | {'cursor': cursor})}"
        response.headers["Link"] = f'<{address}>; rel="next"'
