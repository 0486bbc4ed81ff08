"""The rules as they are in force, and each tried on what happened."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from kairan.domain.config import Rule
from kairan.domain.normalised import BY_HAND
from kairan.domain.rights import Right
from kairan.services import configuration, try_rules
from kairan.services.try_rules import Tried
from kairan.store.connection import gave_up
from kairan.store.queries import rule_list
from kairan.store.queries.rule_list import Use
from kairan.web import links
from kairan.web.choice import Choice
from kairan.web.security import needs

MOST_STEPS = 200_000  # the command line replays more
DAYS = (7, 30, 90, 365)
_DEFAULT = 30
_LONGEST = 9  # int() refuses thousands of digits


@dataclass(frozen=True, slots=True)
class Line:
    """A rule, what became of it, and the findings it means."""

    position: int
    rule: Rule
    use: Use
    address: str


@dataclass(frozen=True, slots=True)
class Lane:
    """What a channel would have got."""

    destination: str
    name: str
    messages: int
    per_finding: int
    busiest: int
    rolled_up: int


@needs(Right.SEE)
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    config, uses = configuration.active(), rule_list.uses()
    lines = [
        Line(at, rule, uses.get(rule.name, Use()), links.findings(links.OPEN, f"({rule.when})" if rule.when else ""))
        for at, rule in enumerate(config.rules or (), 1)
    ]
    known = {rule.name for rule in config.rules or ()}
    gone = [(name, use) for name, use in sorted(uses.items()) if name not in known and use.open]
    is_empty = known <= {BY_HAND}  # which tells of what a person asks for, and of nothing by itself
    context = {"lines": [] if is_empty else lines, "gone": gone, "version": configuration.version()}
    return render(request, "rules/list.html", context)


@needs(Right.SEE)
@require_safe
def trying(request: HttpRequest, name: str) -> HttpResponse:
    """Replay what happened through one rule; bounded, and says where it stopped."""
    config, days = configuration.active(), _days(request)
    if name not in {rule.name for rule in config.rules or ()}:
        raise Http404
    context = {"name": name, "days": days, "choices": _choices(name, days), "most": MOST_STEPS}
    try:
        tried = try_rules.try_rule(config, name, days, timezone.now(), most=MOST_STEPS)
    except OperationalError as error:
        if not gave_up(error):
            raise
        return render(request, "rules/try.html", context | {"too_slow": True})
    return render(request, "rules/try.html", context | {"tried": tried, "lanes": _lanes(tried), "notes": _notes(tried)})


def _days(request: HttpRequest) -> int:
    text = request.GET.get("days", "")
    days = int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST else 0
    return days if 1 <= days <= try_rules.MOST_DAYS else _DEFAULT


def _choices(name: str, days: int) -> list[Choice]:
    address = reverse("rule_try", args=[name])
    return [Choice(str(each), f"{address}?days={each}", each == days) for each in DAYS]


def _lanes(tried: Tried) -> list[Lane]:
    said = sorted(tried.tally.lanes.items(), key=lambda each: (each[0].destination, each[0].name))
    return [
        Lane(
            place.destination,
            place.name,
            lane.messages,
            lane.per_finding.total(),
            max(lane.days.values(), default=0),
            lane.rolled_up,
        )
        for place, lane in said
    ]


def _notes(tried: Tried) -> Sequence[tuple[str, str, int]]:
    """(destination, team, messages) that would have reached nobody."""
    return [(to, team, number) for (to, team), number in sorted(tried.tally.unreached.items())]
