"""Destinations: how each does, what can be done about it; deliveries as a list, and one with all that is kept of it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from kairan.domain.config import Destination
from kairan.domain.errors import IllegalTransition, OptionError
from kairan.domain.rights import Right, may
from kairan.interfaces import registry
from kairan.services import configuration, deliver
from kairan.services.actor import Actor
from kairan.store.queries import delivery_list
from kairan.store.queries.delivery_list import Standing
from kairan.web.choice import Choice
from kairan.web.destinations import words
from kairan.web.reader import actor_of, reader
from kairan.web.security import needs

PAGE_SIZE = 50
_FILTERS: Mapping[str, str | Promise] = {
    "": pgettext_lazy("deliveries", "All"),
    "pending": pgettext_lazy("delivery", "Waiting"),
    "uncertain": pgettext_lazy("delivery", "Uncertain"),
    "refused": pgettext_lazy("delivery", "Refused"),
    "sent": pgettext_lazy("delivery", "Sent"),
    "cancelled": pgettext_lazy("delivery", "Not needed any more"),
}


@dataclass(frozen=True, slots=True)
class Card:
    """A destination of the configuration and how it does. `state` is broken, paused, failing, waiting or well."""

    configured: Destination
    standing: Standing
    title: str
    guarantee: str | Promise
    state: str
    test: Mapping[str, object] | None


@needs(Right.SEE)
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    configured = configuration.active().destinations
    standings = delivery_list.standings(each.name for each in configured)
    now = timezone.now()
    cards = [_card(each, standing, now) for each, standing in zip(configured, standings, strict=True)]
    context = {"cards": cards, "may_manage": may(reader(request).role, Right.MANAGE_DELIVERIES)}
    return render(request, "destinations/list.html", context)


@needs(Right.MANAGE_DELIVERIES)
@require_http_methods(["POST"])
def act(request: HttpRequest, name: str) -> HttpResponse:
    """One of the buttons of a destination."""
    command = _COMMANDS.get(request.POST.get("do", ""))
    if command is None:
        messages.error(request, _("Nothing was changed: that is no button of this page."))
        return redirect("destinations")
    try:
        messages.success(request, command(name, actor_of(request), timezone.now()))
    except OptionError as error:
        messages.error(request, str(words.PROBLEM.get(error.code, error)))
    except IllegalTransition:
        messages.error(request, _("Nothing was changed: somebody was quicker, as you see below."))
    return redirect("destinations")


@needs(Right.SEE)
@require_safe
def deliveries(request: HttpRequest) -> HttpResponse:
    asked = {key: request.GET.get(key, "").replace("\0", "")[:64] for key in ("destination", "state", "case", "before")}
    case = delivery_list.number_of(asked["case"].upper().removeprefix("C-"))
    chosen = delivery_list.Filter(asked["destination"], asked["state"], case)
    rows, after = delivery_list.page(chosen, size=PAGE_SIZE, before=delivery_list.number_of(asked["before"]))
    names = [each.name for each in configuration.active().destinations]
    labels: dict[str, str | Promise] = {"": gettext_lazy("Any destination"), **{name: name for name in names}}
    kept = {"destination": chosen.destination, "case": asked["case"] if case is not None else ""}
    context = {
        "rows": [(row, words.said(row.error)) for row in rows],
        "states": [
            Choice(label, _address(kept | {"state": state}), chosen.state == state) for state, label in _FILTERS.items()
        ],
        "destinations": [
            Choice(label, _address(kept | {"destination": name, "state": chosen.state}), chosen.destination == name)
            for name, label in labels.items()
        ],
        "case": case,
        "filtered": bool(chosen.destination or chosen.state or case is not None),
        "older": _address({**kept, "state": chosen.state, "before": str(after)}) if after else "",
        "newest": _address({**kept, "state": chosen.state}) if asked["before"] else "",
    }
    return render(request, "destinations/deliveries.html", context)


@needs(Right.SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def delivery(request: HttpRequest, number: int) -> HttpResponse:
    found = delivery_list.find(number)
    if found is None:
        raise Http404
    may_manage = may(reader(request).role, Right.MANAGE_DELIVERIES)
    if request.method == "POST":
        if not may_manage:
            raise PermissionDenied
        return _act_on_one(request, number)
    context = {
        "delivery": found,
        "row": found.row,
        "error": words.said(found.row.error),
        "todo": words.TODO.get(found.row.state, ""),
        "payload": json.dumps(found.payload, ensure_ascii=False, indent=2) if found.payload else "",
        "below": found.below,
        "may_manage": may_manage,
    }
    return render(request, "destinations/delivery.html", context)


def _act_on_one(request: HttpRequest, number: int) -> HttpResponse:
    wanted, actor, now = request.POST.get("do"), actor_of(request), timezone.now()
    try:
        if wanted == "again":
            deliver.send_again(number, actor, now)
            messages.success(request, _("It is sent again."))
        elif wanted in {"there", "not_there"}:
            deliver.settle_by_hand(number, actor, now, there=wanted == "there")
            done = _("It is settled: it is there.") if wanted == "there" else _("It is sent again.")
            messages.success(request, done)
        else:
            messages.error(request, _("Nothing was changed: that is no button of this page."))
    except IllegalTransition:
        messages.error(request, _("Nothing was changed: somebody was quicker, as you see below."))
    return redirect("delivery", number)


def _test(name: str, actor: Actor, now: datetime) -> str:
    deliver.test(name, actor, now)
    return _("A test message is on its way; what came of it stands here in some seconds.")


def _pause(name: str, actor: Actor, now: datetime) -> str:
    deliver.pause(name, actor, now)
    return _("It is paused: its deliveries wait, nothing is lost.")


def _resume(name: str, actor: Actor, now: datetime) -> str:
    deliver.resume(name, actor, now)
    return _("It goes on.")


def _replay(name: str, actor: Actor, now: datetime) -> str:
    number = deliver.replay(name, actor, now)
    return ngettext("%(number)s delivery is sent again.", "%(number)s deliveries are sent again.", number) % {
        "number": number
    }


_COMMANDS: Mapping[str, Callable[[str, Actor, datetime], str]] = {
    "test": _test,
    "pause": _pause,
    "resume": _resume,
    "replay": _replay,
}


def _card(configured: Destination, standing: Standing, now: datetime) -> Card:
    kind = registry.destinations().get(configured.kind)
    return Card(
        configured,
        standing,
        kind.title if kind else configured.kind,
        words.GUARANTEE.get(kind.guarantee, kind.guarantee) if kind else "",
        _state(standing, now),
        standing.test_result or None,
    )


def _state(standing: Standing, now: datetime) -> str:
    if standing.broken:
        return "broken"
    if standing.paused_at:
        return "paused"
    if standing.not_before and standing.not_before > now:
        return "waiting"
    return "failing" if standing.failing_since else "well"


def _address(parameters: Mapping[str, str]) -> str:
    query = urlencode({key: value for key, value in parameters.items() if value})
    return reverse("deliveries") + (f"?{query}" if query else "")
