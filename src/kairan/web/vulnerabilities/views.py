"""One vulnerability: every id, every text, all that it touches."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from kairan.domain.rights import Right
from kairan.store.queries import vulnerability as queries
from kairan.store.queries import vulnerability_touches as touches
from kairan.store.queries import which_case
from kairan.web import links, owned
from kairan.web.security import needs
from kairan.web.vulnerabilities import sheet

PAGE_SIZE = 25
_LONGEST_ASKED = 10_000
_MOST_CASES = 20


@needs(Right.SEE)
@require_safe
def one(request: HttpRequest, identifier: str) -> HttpResponse:
    """Any of its ids, in any case, leads to the page under its primary id."""
    number = queries.number_of(identifier) if _can_be_id(identifier) else None
    if number is None:
        return _unknown(request, identifier)
    names = queries.identity(number)
    if identifier != names.primary_id:
        return redirect("vulnerability", names.primary_id)  # not for ever: a merge can be undone
    page = touches.page(number, size=PAGE_SIZE, after=touches.Place.parse(request.GET.get("after", "")))
    context = {
        "sheet": sheet.of(number, names),
        "page": page,
        "cases": which_case.of_vulnerability(number, most=_MOST_CASES),
        "shares": owned.of_vulnerability(number, names.primary_id),
    }
    return render(request, "vulnerabilities/one.html", context)


def _can_be_id(identifier: str) -> bool:
    return len(identifier) <= _LONGEST_ASKED and "\0" not in identifier


def _unknown(request: HttpRequest, identifier: str) -> HttpResponse:
    known = _can_be_id(identifier)
    context = {
        "identifier": identifier,
        "near": queries.near(identifier) if known else [],
        "search": links.findings(id=f"*{identifier}*") if known else "",
    }
    return render(request, "vulnerabilities/unknown.html", context, status=404)
