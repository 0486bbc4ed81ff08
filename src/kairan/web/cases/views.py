"""Inbox, list and board: which cases need whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from kairan.domain.rights import Right, may
from kairan.domain.severity import Severity
from kairan.domain.triage import Status
from kairan.services import configuration
from kairan.services.may import teams_of
from kairan.store.queries import case_list, case_page, inbox
from kairan.store.queries.case_filter import Filter
from kairan.store.queries.case_list import Sort
from kairan.store.queries.inbox import Section, Whose
from kairan.web import words as field_words
from kairan.web.cases import address as addresses
from kairan.web.cases import words
from kairan.web.cases.address import ANY, Address
from kairan.web.choice import Choice
from kairan.web.reader import actor_of, reader
from kairan.web.security import needs

PAGE_SIZE = 50
IN_SECTION = 10
IN_COLUMN = 10
MOST_COUNTED = 1_000  # as in the inbox: more is no figure that anybody acts on
_WHOSE: Mapping[str, str | Promise] = {
    "mine": gettext_lazy("Mine"),
    "team": gettext_lazy("My teams'"),
    "all": gettext_lazy("All"),
}
_MARK_OF: Mapping[str, tuple[str, ...]] = {"mine": ("mine",), "team": ("ours",), "all": ()}
_BOARD = (
    Status.NEW,
    Status.TRIAGING,
    Status.ACTION_NEEDED,
    Status.FIX_CLAIMED,
    Status.WAITING_FOR_VERIFICATION,
    Status.DEFERRED,
    Status.RISK_ACCEPTED,
    Status.NOT_AFFECTED,
    Status.FALSE_POSITIVE,
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A section or column as a page shows it: `rest` is the list of all of it."""

    name: str
    label: str
    section: Section
    rest: str

    @property
    def number(self) -> int:
        return min(self.section.total, inbox.MOST_COUNTED)

    @property
    def bounded(self) -> bool:
        return self.section.total > inbox.MOST_COUNTED


@needs(Right.SEE)
@require_safe
def inbox_page(request: HttpRequest) -> HttpResponse:
    """What needs somebody, by what it needs; one's own, one's teams', or all."""
    chosen, whose = _whose(request)
    found = inbox.sections(timezone.now(), whose, size=IN_SECTION)
    shown = [
        Shown(name, field_words.word(words.SECTION, name), section, _rest(name, chosen))
        for name, section in found.items()
    ]
    context = {
        "sections": [each for each in shown if each.section.items],
        "clear": [each.label for each in shown if not each.section.items],
        "whose": _choices("inbox", chosen),
        "chosen": chosen,
        "anything": any(each.section.items for each in shown),
        "may_decide": may(reader(request).role, Right.DECIDE),
        "bulk_filters": {},
        "is_empty": not case_list.count(Filter(), most=0),
    }
    return render(request, "cases/inbox.html", context)


@needs(Right.SEE)
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Cases by the address's filters."""
    address = addresses.read(request.GET)
    if _is_number(address.text) and case_page.find(int(address.text[2:])):
        return redirect("case", int(address.text[2:]))
    asked = address.filter(timezone.now(), reader(request).pk, teams_of(actor_of(request)))
    total = case_list.count(asked, most=MOST_COUNTED)
    page = case_list.page(asked, address.sort, size=PAGE_SIZE, after=address.after, before=address.before, total=total)
    context = {
        "address": address,
        "page": page,
        "total": min(total, MOST_COUNTED),
        "more_than_counted": total > MOST_COUNTED,
        "newer": address.link(before=page.before) if page.before else "",
        "older": address.link(after=page.after) if page.after else "",
        "first_page": address.link(),
        "chips": _chips(address),
        "orders": [Choice(words.SORT[each], address.link(sort=each), each == address.sort) for each in Sort],
        "bulk_filters": {"state": address.state, **address.filters},
        "may_decide": may(reader(request).role, Right.DECIDE),
        **_fields(address),
    }
    return render(request, "cases/list.html", context)


@needs(Right.SEE)
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """Parts by status, the worst of each; the rest is in the list."""
    chosen, whose = _whose(request)
    found = inbox.columns(whose, _BOARD, size=IN_COLUMN)
    columns = [
        Shown(
            status,
            field_words.word(words.STATUS, status),
            found[status],
            Address(state=ANY, status=(status,), marks=_MARK_OF[chosen]).link(),
        )
        for status in _BOARD
    ]
    return render(request, "cases/board.html", {"columns": columns, "whose": _choices("board", chosen)})


def _whose(request: HttpRequest) -> tuple[str, Whose]:
    """Members begin with their teams', those who triage with all; members of no team with all."""
    own = teams_of(actor_of(request))
    usual = "all" if may(reader(request).role, Right.DECIDE) or not own else "team"
    asked = request.GET.get("whose", usual)
    if asked == "mine":
        return asked, Whose(person=reader(request).pk)
    return ("team", Whose(teams=own)) if asked == "team" else ("all", Whose())


def _choices(page: str, chosen: str) -> list[Choice]:
    return [
        Choice(label, f"{reverse(page)}?{urlencode({'whose': name})}", name == chosen) for name, label in _WHOSE.items()
    ]


def _rest(name: str, chosen: str) -> str:
    """The list that asks the same question as a section."""
    return Address(state=ANY, section=name, marks=_MARK_OF[chosen]).link()


def _fields(address: Address) -> dict[str, object]:
    """What the filter form offers."""
    severities = [severity for severity in sorted(Severity, reverse=True) if severity > Severity.NONE]
    return {
        "states": [("open", words.STATE["open"]), ("parked", words.STATE["parked"]), ("closed", words.STATE["closed"])],
        "statuses": [(each.value, words.STATUS[each]) for each in Status],
        "severities": [(each.word, field_words.severity_word(each)) for each in severities],
        "teams": case_page.teams(),
        "rules": [each.name for each in configuration.active().rules or ()],
        "dues": _DUES,
        "marks": _MARKS,
    }


_DUES = {
    "overdue": gettext_lazy("Overdue"),
    "3d": gettext_lazy("Within 3 days"),
    "7d": gettext_lazy("Within 7 days"),
    "30d": gettext_lazy("Within 30 days"),
}
_MARKS = {
    "mine": gettext_lazy("I take care of it"),
    "ours": gettext_lazy("My teams'"),
    "watching": gettext_lazy("I watch it"),
    "relook": gettext_lazy("Needs another look"),
    "approval": gettext_lazy("Waiting for approval"),
    "untold": gettext_lazy("Silent baseline, not released yet"),
}


def _chips(address: Address) -> Sequence[tuple[str, str]]:
    """What the list is narrowed to, in words, each with the list without it."""
    severities = sorted(Severity, reverse=True)
    said = {
        "state": "" if address.state == ANY else field_words.word(words.STATE, address.state),
        "status": ", ".join(field_words.word(words.STATUS, each) for each in address.status),
        "severity": ", ".join(field_words.severity_word(each) for each in severities if each.word in address.severity),
        "team": _("nobody's") if address.team == "-" else address.team,
        "rule": address.rule,
        "text": address.text,
        "due": str(_DUES.get(address.due, address.due)),
        "section": field_words.word(words.SECTION, address.section) if address.section else "",
        "ends": _("ends within %(days)s days") % {"days": addresses.DAYS[address.ends]} if address.ends else "",
    }
    shown = [(name, text) for name, text in said.items() if text]
    marks = [(mark, str(_MARKS[mark])) for mark in address.marks]
    return [(text, address.without(name)) for name, text in (*shown, *marks)]


def _is_number(text: str) -> bool:
    digits = text[2:]
    return text[:2].upper() == "C-" and digits.isascii() and digits.isdigit() and len(digits) <= 18
