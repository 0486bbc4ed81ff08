"""What nobody looks at, and what is told and never acted upon."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from kairan.domain.rights import Right
from kairan.services import coverage as service
from kairan.services import noise as noises
from kairan.services.coverage import Gap, Section
from kairan.services.noise import Noise
from kairan.store.queries.noise import Heard
from kairan.web.choice import Choice
from kairan.web.security import needs

DAYS = (30, 90, 180)
WITHIN = (3, 7, 14, 30)


@dataclass(frozen=True, slots=True)
class Words:
    """The question a section answers, what to do about its rows, and what is said where there are none."""

    title: str | Promise
    todo: str | Promise
    none: str | Promise


_WORDS: Mapping[Gap, Words] = {
    Gap.SILENT: Words(
        _("Which sources have gone silent?"),
        _("Look why: its job may have stopped, its credentials may have run out. Until then nothing new is known."),
        _("Every source still reports at its usual pace."),
    ),
    Gap.OVERDUE: Words(
        _("What was read regularly, and no longer is?"),
        _("Have it scanned again. If it is gone, import a complete report without it, so that its findings close."),
        _("Everything that was read regularly still is."),
    ),
    Gap.NAMED_NEVER_SEEN: Words(
        _("What is named in kairan.yaml, and no source ever reported it?"),
        _("Connect a source that sees it, or correct the name in kairan.yaml."),
        _("Everything named in kairan.yaml has been seen."),
    ),
    Gap.UNLISTED: Words(
        _("Which repositories are reported, and not named in kairan.yaml?"),
        _("Give each an entry in the ownership of kairan.yaml."),
        _("Every repository seen is named there, or kairan.yaml names none."),
    ),
    Gap.UNOWNED: Words(
        _("Which assets have open findings that are nobody's?"),
        _("Make an ownership entry that fits them: nobody is told of these but PSIRT."),
        _("Every open finding belongs to a team."),
    ),
    Gap.UNSCANNED: Words(
        _("Which clusters and images did nobody look into for vulnerabilities?"),
        _("Scan their images, and import the reports: only their settings were checked so far."),
        _("Every cluster and image known was looked into."),
    ),
    Gap.NO_CHANNEL: Words(
        _("Which teams cannot be reached?"),
        _("Give the team a channel at this destination in kairan.yaml: a rule tells teams there."),
        _("Every team has a channel wherever a rule tells teams."),
    ),
    Gap.NO_MEMBERS: Words(
        _("Which teams have no people?"),
        _("Name its members in kairan.yaml: nobody but triagers can answer for it."),
        _("Every team has people."),
    ),
}


@dataclass(frozen=True, slots=True)
class Part:
    section: Section
    words: Words


@dataclass(frozen=True, slots=True)
class Line:
    """A rule's line in a channel. `address` leads to its cases."""

    heard: Heard
    address: str


@needs(Right.SEE)
@require_safe
def coverage(request: HttpRequest) -> HttpResponse:
    found = {section.gap: section for section in service.coverage(timezone.now())}
    parts = [Part(found[gap], said) for gap, said in _WORDS.items()]
    parts.sort(key=lambda part: not part.section.rows)
    return render(request, "coverage/coverage.html", {"parts": parts})


@needs(Right.SEE)
@require_safe
def noise(request: HttpRequest) -> HttpResponse:
    days, within = _one_of(request, "days", DAYS, 90), _one_of(request, "within", WITHIN, 14)
    found = noises.noise(days, within, timezone.now())
    context = {
        "found": found,
        "lines": [Line(each, _cases(each.rule)) for each in found.heard],
        "silent": _silent(found),
        "days": [Choice(str(each), _address(each, within), each == days) for each in DAYS],
        "within": [Choice(str(each), _address(days, each), each == within) for each in WITHIN],
    }
    return render(request, "coverage/noise.html", context)


def _silent(found: Noise) -> list[tuple[str, str]]:
    return [(rule, _cases(rule)) for rule in found.without_action]


def _cases(rule: str) -> str:
    return f"{reverse('cases')}?{urlencode({'rule': rule})}"


def _address(days: int, within: int) -> str:
    return f"{reverse('noise')}?{urlencode({'days': days, 'within': within})}"


def _one_of(request: HttpRequest, name: str, known: tuple[int, ...], otherwise: int) -> int:
    said = request.GET.get(name, "")
    return next((each for each in known if str(each) == said), otherwise)
