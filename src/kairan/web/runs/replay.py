"""Reading the archive again, asked for by page: what it does, the button, and how the last ones went."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from kairan.domain.errors import ConfigError
from kairan.domain.rights import Right
from kairan.interfaces import registry
from kairan.services.uploads import ask_replay
from kairan.store.queries import uploads
from kairan.web.security import needs
from kairan.web.uploads import complaints

_MOST = 10


@needs(Right.REPLAY)
@require_http_methods(["GET", "HEAD", "POST"])
def replay(request: HttpRequest) -> HttpResponse:
    wrong = ""
    if request.method == "POST":
        try:
            number = ask_replay(request.POST.get("source") or None, request.user.pk, timezone.now())
        except ConfigError as error:
            wrong = complaints.said(error)
        else:
            return redirect("upload", number)
    last = uploads.recent(_MOST, replays=True)
    context = {
        "sources": sorted(registry.sources().values(), key=lambda source: source.title),
        "last": last,
        "running": next((each for each in last if each.finished_at is None), None),
        "wrong": wrong,
    }
    return render(request, "runs/replay.html", context, status=400 if wrong else 200)
