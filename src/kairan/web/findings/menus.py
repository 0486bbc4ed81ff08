"""Ways of looking at the same findings: orders and groups, each a link."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kairan.store.queries.walk import Sort
from kairan.web.choice import Choice
from kairan.web.findings.address import Address

ORDERS: Mapping[Sort, str | Promise] = {
    Sort.SEVERITY: _("Worst first"),
    Sort.FIRST_SEEN: _("Newest first"),
    Sort.OLDEST: _("Oldest first"),
    Sort.CLOSED: _("Last closed first"),
}
GROUPINGS: Mapping[str, str | Promise] = {
    "": _("Not grouped"),
    "vulnerability": _("By vulnerability"),
    "asset": _("By asset"),
    "package": _("By package"),
    "team": _("By team"),
}

_EXPORTS: Mapping[str, str | Promise] = {
    "csv": _("CSV, for spreadsheets"),
    "json": "JSON",
    "jsonl": _("JSON, one finding a line"),
}
# Views that everybody has.
_USUAL = (
    (_("Open findings"), Address()),
    (_("Severe with a fix"), Address("is:open severity:>=high fixed:yes")),
    (_("New in the last 7 days"), Address("is:open first-seen:<7d", Sort.FIRST_SEEN)),
    (_("Closed lately"), Address("is:closed", Sort.CLOSED)),
)


def orders(address: Address) -> list[Choice]:
    return [Choice(label, address.link(sort=sort), sort is address.sort) for sort, label in ORDERS.items()]


def groupings(address: Address) -> list[Choice]:
    return [Choice(label, address.link(by=by), by == address.by) for by, label in GROUPINGS.items()]


def exports(address: Address) -> list[Choice]:
    """Files of everything that the query lets through."""
    return [Choice(label, address.export(form), False) for form, label in _EXPORTS.items()]


def usual(address: Address) -> list[Choice]:
    """The views that everybody has."""
    here = address.first_page
    return [Choice(name, view.link(), view == here) for name, view in _USUAL]
