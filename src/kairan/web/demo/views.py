"""The demo's banner by itself: pages fetch it again while days are being played."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from kairan.domain.rights import Right
from kairan.store.queries import demo
from kairan.web.security import needs


@needs(Right.SEE)
@require_safe
def banner(request: HttpRequest) -> HttpResponse:
    """How far the demo is. A store that is none has nothing to show here."""
    found = demo.find()
    if found is None:
        return redirect("overview")
    return render(request, "demo/banner.html", {"demo": found, "is_news": True})
