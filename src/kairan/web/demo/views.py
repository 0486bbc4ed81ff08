"""The demo's banner by itself: pages fetch it again while days are being played."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kairan.domain.rights import Right
from kairan.store.queries import demo
from kairan.web.security import needs


@needs(Right.SEE)
@require_safe
def banner(request: HttpRequest) -> HttpResponse:
    """How far the demo is. Not found in a store that is none."""
    found = demo.find()
    if found is None:
        raise Http404
    return render(request, "demo/banner.html", {"demo": found, "is_news": True})
