"""The ways on the left: which pages there are, for whom, and where the reader is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kairan.domain.rights import Right, may


@dataclass(frozen=True, slots=True)
class _Page:
    """`name` is the address's; pages `below` belong to it."""

    label: str | Promise
    name: str
    below: frozenset[str] = frozenset()
    right: Right = Right.SEE


@dataclass(frozen=True, slots=True)
class Way:
    """One link. `current` is what aria-current says: this very page, or one below it."""

    label: str | Promise
    address: str
    current: str = ""


_PARTS: Sequence[Sequence[_Page]] = (
    (
        _Page(_("Overview"), "overview"),
        _Page(_("Inbox"), "inbox"),
        _Page(_("Cases"), "cases", frozenset({"case", "board", "cases_bulk", "case_bulk"})),
        _Page(_("Findings"), "findings", frozenset({"finding", "vulnerability"})),
        _Page(_("Assets"), "assets", frozenset({"asset"})),
        _Page(_("Teams"), "teams", frozenset({"team", "unowned"})),
    ),
    (
        _Page(_("Runs"), "runs", frozenset({"run"})),
        _Page(_("Held closings"), "held"),
        _Page(_("Upload"), "uploads", frozenset({"upload"}), Right.IMPORT),
    ),
    (
        _Page(_("Destinations"), "destinations", frozenset({"deliveries", "delivery"})),
        _Page(_("Messages"), "messages", frozenset({"message", "message_raw", "message_press"})),
        _Page(_("Rules"), "rules", frozenset({"rule_try"})),
        _Page(_("Coverage"), "coverage"),
        _Page(_("Noise"), "noise"),
    ),
    (_Page(_("People"), "people", frozenset({"person", "audit"}), Right.MANAGE_PEOPLE),),
)


def ways(request: HttpRequest) -> Iterator[list[Way]]:
    """The links that this reader may follow, in groups."""
    match = request.resolver_match
    here = match.url_name if match else ""
    for part in _PARTS:
        open_to_them = [page for page in part if may(getattr(request.user, "role", ""), page.right)]
        if open_to_them:
            yield [Way(page.label, reverse(page.name), _current(page, here or "")) for page in open_to_them]


def _current(page: _Page, here: str) -> str:
    if page.name == here:
        return "page"
    return "true" if here in page.below else ""
