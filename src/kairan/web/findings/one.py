"""The page of one finding, its part for a drawer, and what a source literally said of it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from kairan.domain.rights import Right
from kairan.runtime.object_store import Archive
from kairan.services import raw_record
from kairan.store.queries import epss
from kairan.store.queries import finding as one_finding
from kairan.web import why
from kairan.web.findings import sheet
from kairan.web.security import needs


@needs(Right.SEE)
@require_safe
def one(request: HttpRequest, number: int) -> HttpResponse:
    """The whole page; asked by htmx with `?drawer=1`, the sheet alone, without the frame."""
    finding = one_finding.find(number)
    if finding is None:
        raise Http404
    in_drawer = _is_asked_by_htmx(request) and "drawer" in request.GET
    if finding.merged_into:
        target = reverse("finding", args=[finding.merged_into])
        return redirect(f"{target}?drawer=1" if in_drawer else target)  # not for ever: a merge can be undone
    context = {
        "finding": finding,
        "sheet": sheet.of(finding, epss.of_vulnerability(finding.vulnerability_id)),
        "why": why.of_finding(number, timezone.now()),
    }
    return _answer(request, "findings/sheet.html" if in_drawer else "findings/one.html", context)


@needs(Right.SEE)
@require_safe
def raw(request: HttpRequest, number: int, sighting: int) -> HttpResponse:
    """The records of one sighting as its source wrote them; asked by htmx, without the frame."""
    answer = raw_record.find(Archive.configured(), number, sighting)
    if answer is None:
        raise Http404
    context = {"number": number, "answer": answer, "why": answer.why and raw_record.Why(answer.why).value}
    return _answer(request, "findings/raw.html" if _is_asked_by_htmx(request) else "findings/raw_page.html", context)


def _is_asked_by_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _answer(request: HttpRequest, template: str, context: dict[str, object]) -> HttpResponse:
    response = render(request, template, context)
    patch_vary_headers(response, ("HX-Request",))
    return response
