"""The first page: what is open, what is new, what waits for a human. Each number leads to its rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from kairan.domain.rights import Right, may
from kairan.domain.severity import Severity
from kairan.services import configuration
from kairan.store.queries import delivery_list, inbox
from kairan.store.queries import overview as queries
from kairan.web import links
from kairan.web.cases import words as case_words
from kairan.web.reader import reader
from kairan.web.security import needs

_WEEK = timedelta(days=7)
_STALE = timedelta(days=7)  # a source that nobody read for longer than that may hide what is new
_NEWEST = 10


@dataclass(frozen=True, slots=True)
class Line:
    """One severity: how many are open, how many came and went in a week."""

    severity: Severity
    open: int
    came: queries.Some
    went: queries.Some
    address: str
    came_address: str
    went_address: str


@dataclass(frozen=True, slots=True)
class SourceLine:
    """`open` is None where the roll-up does not say (only the busiest sources are counted)."""

    source: queries.Source
    open: int | None
    address: str
    stale: bool


@needs(Right.SEE)
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    sources = queries.sources()
    rights = {
        "may_upload": may(reader(request).role, Right.IMPORT),
        "may_decide": may(reader(request).role, Right.DECIDE_HELD),
        "broken": delivery_list.broken(each.name for each in configuration.active().destinations),
    }
    waiting = queries.waiting(now - _WEEK)
    if not sources:
        return render(request, "overview/nothing_yet.html", {"waiting": waiting, **rights})
    opened = queries.open_now()
    source_lines = [_source_line(each, opened.by_source, now) for each in sources]
    came, went = queries.came(now - _WEEK), queries.went(now - _WEEK)
    context = {
        "open": opened,
        "came": came,
        "went": went,
        "came_address": links.findings("first-seen:<7d"),
        "went_address": links.findings("closed:<7d"),
        "lines": [_line(severity, opened, came, went) for severity in sorted(Severity, reverse=True)],
        "sources": source_lines,
        "any_stale": any(line.stale for line in source_lines),
        "newest": queries.newest((Severity.CRITICAL, Severity.HIGH), limit=_NEWEST),
        "newest_address": links.findings(links.OPEN, "severity:>=high", "first-seen:<7d"),
        "waiting": waiting,
        "inbox": _inbox(now),
        **rights,
    }
    return render(request, "overview/overview.html", context)


def _inbox(now: datetime) -> list[tuple[str, str, int, bool]]:
    """(section, its words, how many, are there more) of what needs somebody."""
    found = inbox.counts(now, inbox.Whose())
    most = inbox.MOST_COUNTED
    return [(name, str(case_words.SECTION[name]), min(n, most), n > most) for name, n in found.items() if n]


def _line(severity: Severity, opened: queries.Open, came: queries.Moved, went: queries.Moved) -> Line:
    return Line(
        severity,
        opened.by_severity.get(severity, 0),
        came.by_severity.get(severity, queries.Some(0)),
        went.by_severity.get(severity, queries.Some(0)),
        links.findings(links.OPEN, severity=severity.word),
        links.findings("first-seen:<7d", severity=severity.word),
        links.findings("closed:<7d", severity=severity.word),
    )


def _source_line(source: queries.Source, counts: Mapping[str, int], now: datetime) -> SourceLine:
    return SourceLine(
        source,
        counts.get(source.name),
        links.findings(links.OPEN, source=source.name),
        source.read_at is None or now - source.read_at > _STALE,
    )
