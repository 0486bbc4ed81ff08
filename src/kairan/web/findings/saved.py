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

from kairan.domain.rights import Right, may
from kairan.services import views as service
from kairan.services.actor import Actor
from kairan.store.queries import views as queries
from kairan.web.findings import address as addresses
from kairan.web.reader import actor_of, reader
from kairan.web.security import fits_redirect, needs

_UNUSABLE = (service.ViewNameTaken, service.ViewNameUnusable, service.ViewTooLong, service.TooManyViews)


@needs(Right.SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def saved(request: HttpRequest) -> HttpResponse:
    """All views that this person sees; a POST saves one more and leads back to the list."""
    if request.method != "POST":
        return _page(request)
    address = addresses.read(QueryDict(request.POST.get("query", ""))).first_page
    name = request.POST.get("name", "")
    try:
        service.save(actor_of(request), name, address.query, timezone.now(), shared="shared" in request.POST)
    except _UNUSABLE as error:
        kept = {"name": name, "query": address.query, "shared": "shared" in request.POST, "error": _said(error)}
        return _page(request, unsaved=kept)
    return _to_list(address.query)


@needs(Right.SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, number: int) -> HttpResponse:
    """A POST renames, shares or deletes; a GET leads to the view's list."""
    if request.method != "POST":
        found = queries.find(number, reader(request).pk)
        return _to_list(found.query) if found else redirect("findings_views")
    change = _CHANGES.get(request.POST.get("change", ""))
    try:
        if change:
            change(actor_of(request), number, request.POST.get("name", ""), timezone.now())
    except _UNUSABLE as error:
        return _page(request, wrong={"id": number, "name": request.POST.get("name", ""), "error": _said(error)})
    except service.ViewNotYours:
        return _page(request, notice=_("That view is not yours to change, or it is gone."), status=403)
    return redirect("findings_views")


_Change = Callable[[Actor, int, str, datetime], None]
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
        "may_clear": may(reader(request).role, Right.CLEAR_VIEWS),
        "longest_name": service.LONGEST_NAME,
        **said,
    }
    return render(request, "findings/views.html", context, status=status)


def _to_list(query: str) -> HttpResponse:
    """A browser is not sent to an address that is longer than headers may be: then to where the view is a link."""
    target = reverse("findings") + (f"?{query}" if query else "")
    return redirect(target if fits_redirect(target) else reverse("findings_views"))


def _said(error: Exception) -> str:
    if isinstance(error, service.ViewNameTaken):
        return _("You have a view of this name already. Choose another one.")
    if isinstance(error, service.TooManyViews):
        return _("You have %(most)s saved views, as many as anybody may. Delete one first.") % {"most": service.MOST}
    if isinstance(error, service.ViewTooLong):
        return _("The query is too long to be saved. Make it shorter.")
    return _("Give it a name of at most %(most)s signs.") % {"most": service.LONGEST_NAME}
