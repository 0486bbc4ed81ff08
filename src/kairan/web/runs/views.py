"""What was read: the list of runs, one run, its rejects to take along."""

import json
from collections.abc import Iterator
from dataclasses import asdict

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_safe

from kairan.domain.rights import Right, may
from kairan.store.queries import run as one_run
from kairan.store.queries import run_list
from kairan.web.choice import Choice
from kairan.web.reader import reader
from kairan.web.runs import outcomes
from kairan.web.security import needs
from kairan.web.streaming import streamed

PAGE_SIZE = 50
_STATES: dict[str, str | Promise] = {
    "": pgettext_lazy("runs", "All"),
    "new": _("With news"),
    "rejected": _("With rejects"),
    "held": _("With held closings"),
    "stale": _("Stale"),
    "failed": pgettext_lazy("runs", "Failed"),
}


@needs(Right.SEE)
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    chosen = run_list.Filter(request.GET.get("source", "").replace("\0", "")[:200], request.GET.get("state", ""))
    page = run_list.page(
        chosen,
        size=PAGE_SIZE,
        after=run_list.Cursor.parse(request.GET.get("after", "")),
        before=run_list.Cursor.parse(request.GET.get("before", "")),
    )
    sources = run_list.sources()
    context = {
        "rows": [(row, outcomes.news(row.counts)) for row in page.rows],
        "filtered": bool(chosen.source or chosen.state),
        "states": [
            Choice(label, _address(chosen.source, state), chosen.state == state) for state, label in _STATES.items()
        ],
        "sources": [Choice(name, _address(name, chosen.state), chosen.source == name) for name in sources],
        "any_source": Choice(_("Any source"), _address("", chosen.state), not chosen.source),
        "newer": _address(chosen.source, chosen.state, before=page.before) if page.before else "",
        "older": _address(chosen.source, chosen.state, after=page.after) if page.after else "",
        "may_upload": may(reader(request).role, Right.IMPORT),
        "may_replay": may(reader(request).role, Right.REPLAY),
    }
    return render(request, "runs/list.html", context)


@needs(Right.SEE)
@require_safe
def one(request: HttpRequest, number: int) -> HttpResponse:
    run = one_run.find(number)
    if run is None:
        raise Http404
    context = {
        "run": run,
        "outcomes": outcomes.of_records(run.counts),
        "absence": outcomes.of_absence(run.counts),
        "records": outcomes.records(run.counts),
        "rejects": one_run.rejects_by_reason(number) if run.counts.get("rejected") else [],
        "opened": one_run.opened(number),
        "opened_in_all": run.counts.get("opened", 0) + run.counts.get("reopened", 0),
        "may_upload": may(reader(request).role, Right.IMPORT),
    }
    return render(request, "runs/one.html", context)


@needs(Right.SEE)
@require_safe
def rejects(request: HttpRequest, number: int) -> HttpResponseBase:
    """Every rejected record of a run, one JSON object a line."""
    if one_run.find(number) is None:
        raise Http404
    return streamed(request, _lines(number), "application/jsonl; charset=utf-8", f"kairan-run-{number}-rejects.jsonl")


def _lines(number: int) -> Iterator[str]:
    for each in one_run.every_reject(number):
        yield json.dumps(asdict(each), ensure_ascii=False) + "\n"


def _address(source: str, state: str, **place: object) -> str:
    parameters = {"source": source, "state": state, **place}
    query = urlencode({key: str(value) for key, value in parameters.items() if value})
    return reverse("runs") + (f"?{query}" if query else "")
