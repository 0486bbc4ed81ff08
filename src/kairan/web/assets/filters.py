"""The filter of the list of assets, read from and written to the address."""

from dataclasses import replace

from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from kairan.store.queries.asset_list import Filter, Sort
from kairan.web.choice import Choice

_MOST_TEXT = 200
_MOST_WORDS = 8
_SORTS: dict[Sort, str | Promise] = {"worst": _("Worst first"), "name": _("By name")}


def read(parameters: QueryDict) -> Filter:
    """What an address asks for. What cannot be understood asks for nothing."""
    text = " ".join(_plain(parameters.get("q", ""))[:_MOST_TEXT].split()[:_MOST_WORDS])
    sort: Sort = "name" if parameters.get("sort") == "name" else "worst"
    return Filter(text, _plain(parameters.get("kind", ""))[:_MOST_TEXT], sort)


def place(text: str) -> int | None:
    """The number of the asset behind which a page begins."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def address(chosen: Filter, after: int | None = None) -> str:
    sort = "" if chosen.sort == Filter().sort else chosen.sort
    parameters = {"q": chosen.text, "kind": chosen.kind, "sort": sort, "after": str(after or "")}
    query = urlencode({key: value for key, value in parameters.items() if value})
    return reverse("assets") + (f"?{query}" if query else "")


def sorts(chosen: Filter) -> list[Choice]:
    return [Choice(label, address(replace(chosen, sort=sort)), sort == chosen.sort) for sort, label in _SORTS.items()]


def _plain(text: str) -> str:
    return text.replace("\0", " ")
