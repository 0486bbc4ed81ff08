"""Two pages: the list, and one finding."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from kairan.domain.rights import Right
from kairan.store.queries import finding as one_finding
from kairan.store.queries import findings as queries
from kairan.web.findings import filters, sheet
from kairan.web.security import needs

PAGE_SIZE = 50
MOST_COUNTED = 10_000  # an exact count of a million rows costs more than it tells


@needs(Right.SEE)
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    chosen = filters.read(request.GET)
    selected = queries.select(chosen)
    page = queries.page(
        selected,
        size=PAGE_SIZE,
        after=queries.Cursor.parse(request.GET.get("after", "")),
        before=queries.Cursor.parse(request.GET.get("before", "")),
    )
    total = queries.count(selected, most=MOST_COUNTED)
    context = {
        "chosen": chosen,
        "page": page,
        "total": min(total, MOST_COUNTED),
        "more_than_counted": total > MOST_COUNTED,
        "states": filters.states(chosen),
        "severities": filters.severities(chosen),
        "newer": filters.address(chosen, before=page.before) if page.before else "",
        "older": filters.address(chosen, after=page.after) if page.after else "",
        **({} if page.rows else _emptiness(chosen)),
    }
    return render(request, "findings/list.html", context)


@needs(Right.SEE)
@require_safe
def one(request: HttpRequest, number: int) -> HttpResponse:
    finding = one_finding.find(number)
    if finding is None:
        raise Http404
    if finding.merged_into:
        return redirect("finding", finding.merged_into)  # not for ever: a merge can be undone
    return render(request, "findings/one.html", {"finding": finding, "sheet": sheet.of(finding)})


def _emptiness(chosen: queries.Filter) -> dict[str, Any]:
    """Why there is nothing to show: never blank, always with a way on."""
    looked = queries.last_looked()
    if queries.is_empty():
        return {"empty": "well" if looked else "nothing_yet", "looked": looked}
    if chosen == filters.DEFAULT:
        return {"empty": "well", "looked": looked}
    return {"empty": "hidden", "wider": filters.wider(chosen)}
