"""Teams, their people, and what they own. No editing: the configuration is the one place for that."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kairan.domain.rights import Right, may
from kairan.store.queries import teams
from kairan.web.security import needs


@dataclass(frozen=True, slots=True)
class Rule:
    """An ownership rule as facts: what has to fit."""

    position: int
    facts: tuple[tuple[str, str], ...]


@needs(Right.SEE)
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    return render(request, "teams/list.html", {"teams": teams.everything()})


@needs(Right.SEE)
@require_safe
def one(request: HttpRequest, key: str) -> HttpResponse:
    found = None if "\0" in key else teams.find(key)
    if found is None:
        raise Http404
    context: dict[str, Any] = {
        "team": found.team,
        "members": found.members,
        "rules": [Rule(rule.position, tuple(_facts(rule))) for rule in found.rules],
        "language_name": dict(settings.LANGUAGES).get(found.team.language, found.team.language),
        "may_manage": may(getattr(request.user, "role", ""), Right.MANAGE_PEOPLE),
    }
    return render(request, "teams/one.html", context)


def _facts(rule: teams.Rule) -> Iterator[tuple[str, str]]:
    for key, value in rule.matches.items():
        yield key, ", ".join(map(str, value)) if isinstance(value, list) else str(value)
