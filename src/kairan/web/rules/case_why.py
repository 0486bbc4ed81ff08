"""Why a case is one, and who was told: a page of its own, for the case's page asks little of the store as it is."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from kairan.domain.rights import Right
from kairan.web import why
from kairan.web.security import needs


@needs(Right.SEE)
@require_safe
def case_why(request: HttpRequest, number: int) -> HttpResponse:
    """Explained by the case's worst finding. A case that holds none (any more) has nothing to explain."""
    if not why.is_case(number):
        raise Http404
    return render(request, "rules/case_why.html", {"number": number, "why": why.of_case(number, timezone.now())})
