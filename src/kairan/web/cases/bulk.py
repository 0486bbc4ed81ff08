"""One decision over many parts: the form with the count, the progress, what was refused and why, the undo."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kairan.domain.errors import ForbiddenError, IllegalTransition
from kairan.domain.rights import Right, may
from kairan.services import bulk as service
from kairan.services import triage
from kairan.services.choice import Choice, ChoiceError
from kairan.services.may import teams_of
from kairan.store.connection import raw_cursor
from kairan.store.queries import bulk_rows, case_list
from kairan.web.cases import chosen, form
from kairan.web.cases.chosen import Chosen
from kairan.web.reader import actor_of, reader
from kairan.web.security import needs

_MOST_REFUSED = 500


@needs(Right.SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest) -> HttpResponse:
    """GET: how many parts that would be, and the form. POST: let the worker begin; the use case asks for the right."""
    said = request.POST if request.method == "POST" else request.GET
    found = chosen.read(said, timezone.now(), reader(request).pk, teams_of(actor_of(request)))
    if request.method == "POST":
        return _begin(request, said, found)
    return _form(request, said, found, form.for_many())


@needs(Right.SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, number: int) -> HttpResponse:
    """How far it is; POST takes all of it back."""
    found = bulk_rows.find(raw_cursor(), number)
    if found is None:
        raise Http404
    if request.method == "POST":
        return _undo(request, number)
    now = timezone.now()
    context = {
        "bulk": found,
        "status": found.params.get("status", ""),
        "reason": found.params.get("reason", ""),
        "is_active": found.state in bulk_rows.ACTIVE,
        "can_undo": service.can_undo(found, now),
        "undo_until": found.finished_at + triage.UNDO if found.finished_at and found.state == "done" else None,
        "refused": [(code, params, part) for part, code, params in found.refused[:_MOST_REFUSED]],
        "cases": case_list.cases_of([part for part, *_ in found.refused[:_MOST_REFUSED]]),
        "hidden": max(0, len(found.refused) - _MOST_REFUSED),
    }
    part = request.headers.get("HX-Request") == "true"
    return render(request, "cases/bulk_state.html" if part else "cases/bulk_one.html", context)


def _begin(request: HttpRequest, said: QueryDict, found: Chosen) -> HttpResponse:
    """Nothing is decided for parts that were not counted: where others match by now, the form comes back."""
    if said.get("seen") != found.seen and found.parts and _may_decide(request):
        overtaken = form.filled(form.for_many(), said)
        return _form(request, said, found, overtaken, status=409)
    try:
        choice = form.choice_of(said)
        number = service.start(chosen.query(said), found.parts, choice, actor_of(request), timezone.now())
    except ForbiddenError:
        raise PermissionDenied from None
    except ChoiceError as error:
        return _form(request, said, found, form.filled(form.for_many(), said, error), status=422)
    return redirect("case_bulk", number)


def _undo(request: HttpRequest, number: int) -> HttpResponse:
    try:
        service.ask_undo(number, actor_of(request), timezone.now())
    except ForbiddenError:
        raise PermissionDenied from None
    except IllegalTransition:
        messages.error(request, _("Nothing was changed: it is too late to take it back."))
    return redirect("case_bulk", number)


def _form(request: HttpRequest, said: QueryDict, found: Chosen, filled: form.Form, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "form": filled,
        "effects": triage.effects(found.parts, Choice("triaging")),
        "chosen": found,
        "overtaken": status == 409,
        "before": chosen.count_of(said.get("seen", "")),
        "kept": chosen.fields(said),
        "may_decide": _may_decide(request),
    }
    return render(request, "cases/bulk.html", context, status=status)


def _may_decide(request: HttpRequest) -> bool:
    return may(reader(request).role, Right.DECIDE)
