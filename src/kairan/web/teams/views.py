"""Teams, their people and what they own, and what nobody owns. No editing: kairan.yaml is the one place for that."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from kairan.domain.ownership_rule import snippet
from kairan.domain.rights import Right, may
from kairan.store.queries import teams, unowned
from kairan.web import links
from kairan.web.security import needs

PAGE_SIZE = 50
_LONGEST = 18
_LAST_PAGE = 100_000  # no store has so many assets
_EXAMPLE = "TEAM"


@dataclass(frozen=True, slots=True)
class Rule:
    """An ownership rule as facts: what has to fit."""

    position: int
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A team with the lists of what it has open."""

    team: teams.Team
    findings: str
    cases: str


@dataclass(frozen=True, slots=True)
class Made:
    """A rule made from an asset: the lines to copy, for a team that can be changed."""

    asset: unowned.Asset
    team: str
    lines: str


@needs(Right.SEE)
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    lines = [_line(each) for each in teams.everything()]
    return render(request, "teams/list.html", {"lines": lines, "most": teams.MOST})


@needs(Right.SEE)
@require_safe
def one(request: HttpRequest, key: str) -> HttpResponse:
    found = None if "\0" in key else teams.find(key)
    if found is None:
        raise Http404
    context: dict[str, Any] = {
        "line": _line(found.team),
        "team": found.team,
        "members": found.members,
        "rules": [Rule(rule.position, tuple(_facts(rule))) for rule in found.rules],
        "language_name": dict(settings.LANGUAGES).get(found.team.language, found.team.language),
        "may_manage": may(getattr(request.user, "role", ""), Right.MANAGE_PEOPLE),
        "most": teams.MOST,
    }
    return render(request, "teams/one.html", context)


@needs(Right.SEE)
@require_safe
def nobodys(request: HttpRequest) -> HttpResponse:
    """The queue of what nobody owns. `?asset=` makes a rule of one, for `?team=`."""
    number = min(_number(request.GET.get("page", "")) or 1, _LAST_PAGE)
    page = unowned.page(size=PAGE_SIZE, skip=(number - 1) * PAGE_SIZE)
    known = teams.current()
    context: dict[str, Any] = {
        "page": page,
        "number": number,
        "before": f"?page={number - 1}" if number > 1 else "",
        "after": f"?page={number + 1}" if number * PAGE_SIZE < page.total else "",
        "teams": known,
        "made": _made(request, [key for key, _ in known]),
        "findings": links.findings(links.OPEN, "is:unowned"),
    }
    return render(request, "teams/unowned.html", context)


def _made(request: HttpRequest, known: list[str]) -> Made | None:
    asset = unowned.asset(_number(request.GET.get("asset", "")))
    if asset is None:
        return None
    asked = request.GET.get("team", "")
    team = asked if asked in known else known[0] if known else _EXAMPLE
    return Made(asset, team, snippet(team, asset.kind, asset.name, asset.attributes))


def _line(team: teams.Team) -> Line:
    cases = f"{reverse('cases')}?{urlencode({'team': team.key})}"
    return Line(team, links.findings(links.OPEN, team=team.key), cases)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST else 0


def _facts(rule: teams.Rule) -> Iterator[tuple[str, str]]:
    for key, value in rule.matches.items():
        if isinstance(value, dict):
            yield key, ", ".join(f"{name} → {team}" for name, team in value.items())
        else:
            yield key, ", ".join(map(str, value)) if isinstance(value, list) else str(value)
