"""The one way into the API. What stands behind it is imported by the first request: start-up does not wait for it."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt

from kairan.web.api import problems
from kairan.web.api.problems import ProblemError
from kairan.web.security import guards_itself


@guards_itself
@csrf_exempt  # a token is no cookie; where a cookie is all there is, web.api.access checks
def entry(request: HttpRequest, rest: str) -> HttpResponseBase:
    """Answer in English, with a problem for whatever goes wrong, and tell every cache to keep nothing."""
    from kairan.web.api.access import standing_of

    with translation.override("en"):
        response = _answer(request, rest)
    if standing := standing_of(request):
        for name, value in standing.headers.items():
            response.headers[name] = value
    response.headers["Cache-Control"] = "no-store"
    return response


def _answer(request: HttpRequest, rest: str) -> HttpResponseBase:
    from kairan.web.api.app import resolver

    try:
        match = resolver.resolve(rest)
    except Resolver404:
        return problems.answer(ProblemError(problems.NOT_FOUND, "no operation has this address"))
    asked_for_head = request.method == "HEAD"
    if asked_for_head:
        request.method = "GET"  # the same without a body, which the server leaves away
    response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    if asked_for_head:
        request.method = "HEAD"
    return _not_allowed(response) if response.status_code == 405 else response


def _not_allowed(response: HttpResponseBase) -> HttpResponse:
    allowed = {name.strip() for name in response.headers["Allow"].split(",")}
    allowed |= {"HEAD"} if "GET" in allowed else set()
    return problems.answer(ProblemError(problems.METHOD_NOT_ALLOWED, headers={"Allow": ", ".join(sorted(allowed))}))
