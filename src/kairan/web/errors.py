"""Pages for what went wrong. They need no database, no session and no person: those may be what is broken."""

import sys
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from kairan.store.connection import gave_up
from kairan.web.api import problems
from kairan.web.security import public


@dataclass(frozen=True, slots=True)
class _Trouble:
    status: int
    title: str | Promise
    advice: str | Promise


_BAD_REQUEST = _Trouble(
    400,
    _("This request could not be read"),
    _(
        "The address, or the name by which this server was reached, is not one Kairan answers to. "
        "Whoever runs Kairan can add a name with KAIRAN_HOSTS."
    ),
)
_FORBIDDEN = _Trouble(
    403,
    _("This page is not open to you"),
    _("Your role does not include it. Ask an administrator of this Kairan if you need it."),
)
_NOT_FOUND = _Trouble(
    404,
    _("There is nothing at this address"),
    _("The link may be cut short, or what it led to was never here. Findings are never deleted: search for its id."),
)
_FAILED = _Trouble(
    500,
    _("Kairan could not answer"),
    _("The fault is on this side and was written to the server's log. Try again in a moment."),
)
_TOO_SLOW = _Trouble(
    503,
    _("This took too long"),
    _("Kairan gave it up so that others need not wait. Ask for less, with a narrower query, or try again later."),
)
_STALE_FORM = _Trouble(
    403,
    _("This form has expired"),
    _("Nothing was changed. Go back, load the page again and send it once more; cookies have to be allowed."),
)


@public
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, _BAD_REQUEST)


@public
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, _FORBIDDEN)


@public
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, _NOT_FOUND)


@public
def failed(request: HttpRequest) -> HttpResponse:
    return _answer(request, _TOO_SLOW if gave_up(sys.exc_info()[1]) else _FAILED)


@public
def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _answer(request, _STALE_FORM)


def _answer(request: HttpRequest, trouble: _Trouble) -> HttpResponse:
    return problems.of_status(trouble.status) if problems.is_api(request) else _page(trouble)


def _page(trouble: _Trouble) -> HttpResponse:
    page = render_to_string("error.html", {"trouble": trouble, "language": get_language(), "theme": "system"})
    return HttpResponse(page, status=trouble.status)
