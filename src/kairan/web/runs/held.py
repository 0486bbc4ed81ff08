"""Closings that wait for a person: which they are, what each would close, and the decision."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from kairan.domain.errors import IllegalTransition
from kairan.domain.rights import Right, may
from kairan.services import held as service
from kairan.store.queries import held_sets
from kairan.web.address import address_of
from kairan.web.reader import reader
from kairan.web.security import needs
from kairan.web.shown import number as shown

_MOST_WAITING = 200
_MOST_SETTLED = 50
_MOST_FINDINGS = 100


@needs(Right.SEE)
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    waiting = held_sets.waiting(limit=_MOST_WAITING + 1)
    context = {
        "waiting": waiting[:_MOST_WAITING],
        "more_wait": len(waiting) > _MOST_WAITING,
        "settled": held_sets.settled(limit=_MOST_SETTLED),
        "may_decide": may(reader(request).role, Right.DECIDE_HELD),
    }
    return render(request, "runs/held_list.html", context)


@needs(Right.SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, number: int) -> HttpResponse:
    """Everyone may look; the decision is for those who have the right."""
    found = held_sets.find(number)
    if found is None:
        raise Http404
    if request.method == "POST":
        return _decide(request, number)
    context = {
        "held": found,
        "touched": held_sets.touched(number),
        "candidates": held_sets.candidates(number, limit=_MOST_FINDINGS),
        "may_decide": may(reader(request).role, Right.DECIDE_HELD),
    }
    return render(request, "runs/held_one.html", context)


def _decide(request: HttpRequest, number: int) -> HttpResponse:
    if not may(reader(request).role, Right.DECIDE_HELD):
        raise PermissionDenied
    decision = request.POST.get("decision")
    if decision not in ("close", "keep"):
        messages.error(request, _("Nothing was changed: say whether to close them or to keep them open."))
        return redirect("held_decide", number)
    try:
        settled = service.decide(
            number,
            close=decision == "close",
            actor=reader(request).username,
            now=timezone.now(),
            person=request.user.pk,
            origin=address_of(request),
        )
    except IllegalTransition:
        messages.error(request, _("Nothing was changed: this was settled in the meantime, as you see below."))
        return redirect("held_decide", number)
    messages.success(request, _closed(settled.closed) if decision == "close" else _("They stay open."))
    return redirect("held")


def _closed(number: int) -> str:
    return ngettext("%(shown)s finding was closed.", "%(shown)s findings were closed.", number) % {
        "shown": shown(number)
    }
