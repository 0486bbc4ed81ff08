"""Saved views: keep the list as it stands under a name, and look after one's own."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kairan.domain.rights import Right, Role, may
from kairan.services import views as service
from kairan.store.queries import views as queries
from kairan.web.findings import address as addresses
from kairan.web.reader import reader
from kairan.web.security import needs


@needs(Right.SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def saved(request: HttpRequest) -> HttpResponse:
    """All views that this person sees; a POST saves one more and leads back to the list."""
    if request.method != "POST":
        return _page(request)
    address = addresses.read(QueryDict(request.POST.get("query", ""))).first_page
    name = request.POST.get("name", "")
    try:
        service.save(_actor(request), name, address.query, timezone.now(), shared="shared" in request.POST)
    except (service.ViewNameTaken, service.ViewNameUnusable) as error:
        kept = {"name": name, "query": address.query, "shared": "shared" in request.POST, "error": _said(error)}
        return _page(request, unsaved=kept)
    return redirect(address.link())


@needs(Right.SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, number: int) -> HttpResponse:
    """A POST renames, shares or deletes; a GET leads to the view's list."""
    if request.method != "POST":
        found = next((view for view in queries.seen_by(reader(request).pk) if view.id == number), None)
        return redirect(f"{reverse('findings')}?{found.query}" if found else "findings_views")
    change = _CHANGES.get(request.POST.get("change", ""))
    try:
        if change:
            change(_actor(request), number, request.POST.get("name", ""), timezone.now())
    except (service.ViewNameTaken, service.ViewNameUnusable) as error:
        return _page(request, wrong={"id": number, "name": request.POST.get("name", ""), "error": _said(error)})
    except service.ViewNotYours:
        return _page(request, notice=_("That view is not yours to change, or it is gone."), status=403)
    return redirect("findings_views")


_Change = Callable[[service.Actor, int, str, datetime], None]
_CHANGES: dict[str, _Change] = {
    "rename": service.rename,
    "share": lambda by, number, _name, now: service.share(by, number, now, shared=True),
    "unshare": lambda by, number, _name, now: service.share(by, number, now, shared=False),
    "delete": lambda by, number, _name, now: service.delete(by, number, now),
}


def _page(request: HttpRequest, *, status: int = 200, **said: Any) -> HttpResponse:
    context = {
        "views": queries.seen_by(reader(request).pk),
        "may_share": may(reader(request).role, Right.SHARE_VIEWS),
        "may_clear": reader(request).role == Role.ADMINISTRATOR,
        "longest_name": service.LONGEST_NAME,
        **said,
    }
    return render(request, "findings/views.html", context, status=status)


def _said(error: Exception) -> str:
    if isinstance(error, service.ViewNameTaken):
        return _("You have a view of this name already. Choose another one.")
    return _("Give it a name of at most %(most)s signs.") % {"most": service.LONGEST_NAME}


def _actor(request: HttpRequest) -> service.Actor:
    person = reader(request)
    return service.Actor(person.pk, person.username, person.role, request.META.get("REMOTE_ADDR", ""))
