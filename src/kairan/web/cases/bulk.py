"""One decision over many parts: the form with the count, the progress, what was refused and why, the undo."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kairan.domain.errors import ForbiddenError, IllegalTransition
from kairan.domain.rights import Right
from kairan.services import bulk as service
from kairan.services import triage
from kairan.services.choice import Choice, ChoiceError
from kairan.store.connection import raw_cursor
from kairan.store.queries import bulk_rows, case_list
from kairan.web.cases import address as addresses
from kairan.web.cases import form
from kairan.web.reader import actor_of, reader
from kairan.web.security import needs

_MOST_REFUSED = 500
_MOST_PICKED = 1_000


@needs(Right.SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest) -> HttpResponse:
    """GET: how many parts that would be, and the form. POST: let the worker begin; the use case asks for the right."""
    said = request.POST if request.method == "POST" else request.GET
    parts = _meant(request, said)
    if request.method == "POST":
        return _begin(request, said, parts)
    return _form(request, said, parts, form.for_many())


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


def _begin(request: HttpRequest, said: QueryDict, parts: Sequence[int]) -> HttpResponse:
    try:
        choice = form.choice_of(said)
        number = service.start(_query(said), parts, choice, actor_of(request), timezone.now())
    except ForbiddenError:
        raise PermissionDenied from None
    except ChoiceError as error:
        return _form(request, said, parts, form.filled(form.for_many(), said, error), status=422)
    return redirect("case_bulk", number)


def _undo(request: HttpRequest, number: int) -> HttpResponse:
    try:
        service.ask_undo(number, actor_of(request), timezone.now())
    except ForbiddenError:
        raise PermissionDenied from None
    except IllegalTransition:
        messages.error(request, _("Nothing was changed: it is too late to take it back."))
    return redirect("case_bulk", number)


def _form(
    request: HttpRequest, said: QueryDict, parts: Sequence[int], filled: form.Form, status: int = 200
) -> HttpResponse:
    effects = triage.effects(parts[: service.MOST], Choice("triaging"))
    context: dict[str, Any] = {
        "form": filled,
        "effects": effects,
        "too_many": len(parts) > service.MOST,
        "most": service.MOST,
        "kept": _kept(said),
    }
    return render(request, "cases/bulk.html", context, status=status)


def _meant(request: HttpRequest, said: QueryDict) -> list[int]:
    """Picked parts, the open parts of picked cases, or those of all cases that the filters let through."""
    parts, cases = _numbers(said.getlist("part")), _numbers(said.getlist("case"))
    if parts and not cases:
        return parts[:_MOST_PICKED]
    address = addresses.read(_unprefixed(said))
    asked = address.filter(timezone.now(), reader(request).pk)
    return case_list.part_ids(asked, most=service.MOST, cases=cases[:_MOST_PICKED] if cases else None)


def _unprefixed(said: QueryDict) -> QueryDict:
    """The list's filters stand beside the decision's own fields: each as `f-<name>`."""
    found = QueryDict(mutable=True)
    for name in said:
        if name.startswith("f-"):
            found.setlist(name[2:], said.getlist(name))
    return found


def _kept(said: QueryDict) -> list[tuple[str, str]]:
    """What says which parts are meant, for the form's hidden fields."""
    names = [name for name in said if name in {"part", "case"} or name.startswith("f-")]
    return [(name, value) for name in names for value in said.getlist(name)[:_MOST_PICKED]]


def _query(said: QueryDict) -> str:
    address = addresses.read(_unprefixed(said))
    picked = [(name, value) for name, value in _kept(said) if name in {"part", "case"}]
    return urlencode([*address.filters.items(), *picked[:20]])


def _numbers(texts: Sequence[str]) -> list[int]:
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]
