"""The map of the pages: every address there is, with examples of what is really behind it.

A new address with something in it (`<int:number>`) fails the tests until EXAMPLES says how to reach it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from kairan.domain.rights import Right
from kairan.web.security import Access, access_of

Examples = Callable[[], Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Page:
    """A named address, who may see it, and examples of it."""

    name: str
    access: Access
    addresses: tuple[str, ...]

    def right(self, method: str) -> Right | None:
        """What this method asks for: some pages may be seen by more people than may press their buttons."""
        return CHANGES.get(self.name, self.access.right) if method == "POST" else self.access.right


CHANGES = {
    "cases_bulk": Right.DECIDE,
    "case_bulk": Right.DECIDE,
    "delivery": Right.MANAGE_DELIVERIES,
    "held_decide": Right.DECIDE_HELD,
}


def patterns(entries: list[Any] | None = None) -> Iterator[URLPattern]:
    for entry in get_resolver().url_patterns if entries is None else entries:
        if isinstance(entry, URLResolver):
            yield from patterns(entry.url_patterns)
        else:
            yield entry


def pages() -> list[Page]:
    """All but the API, whose operations are tried in test_api_access.py."""
    found = [(pattern, access_of(pattern.callback)) for pattern in patterns()]
    return [
        Page(str(pattern.name), access, _addresses(pattern))
        for pattern, access in found
        if access is not None and not access.guards_itself
    ]


def _addresses(pattern: URLPattern) -> tuple[str, ...]:
    name = str(pattern.name)
    if pattern.pattern.regex.groupindex:
        assert name in EXAMPLES, f"say in tests/web/pages.py how to reach {name!r}: {pattern.pattern}"
    return tuple(reverse(name, kwargs=dict(each)) for each in EXAMPLES.get(name, lambda: [{}])())


def _rows(model: str, **fields: str) -> Examples:
    """Arguments out of the rows of a table: address part -> column."""

    def examples() -> Sequence[Mapping[str, Any]]:
        from django.apps import apps

        rows = apps.get_model("kairan", model).objects.order_by("pk").values_list(*fields.values())
        return [dict(zip(fields, row, strict=True)) for row in rows]

    return examples


def _messages() -> Sequence[Mapping[str, Any]]:
    """Deliveries that were drawn."""
    from kairan.store.models import Delivery

    return [{"marker": each.marker} for each in Delivery.objects.exclude(payload=None)]


EXAMPLES: Mapping[str, Examples] = {
    "findings_export": lambda: [{"form": "csv"}, {"form": "json"}, {"form": "jsonl"}],
    "findings_view": _rows("SavedView", number="pk"),
    "finding": _rows("Finding", number="pk"),
    "raw_record": _rows("Sighting", number="finding_id", sighting="pk"),
    "vulnerability": _rows("Identifier", identifier="value"),
    "asset": _rows("Asset", number="pk"),
    "run": _rows("Run", number="pk"),
    "run_rejects": _rows("Run", number="pk"),
    "held_decide": _rows("HeldClosing", number="pk"),
    "upload": _rows("Upload", number="pk"),
    "team": _rows("Team", key="key"),
    "person": _rows("Person", number="pk"),
    "case_why": _rows("Case", number="pk"),
    "case": _rows("Case", number="pk"),
    "case_bulk": _rows("BulkDecision", number="pk"),
    "case_evidence": lambda: [{"number": each["number"], "index": 0} for each in _rows("Decision", number="pk")()],
    "destination_act": lambda: [{"name": "preview"}],
    "delivery": _rows("Delivery", number="pk"),
    "rule_try": lambda: [{"name": "urgent"}],
    "message": _messages,
    "message_raw": _messages,
    "message_press": _messages,
    "setup": lambda: [{"token": "wrong"}],
}
