"""The list's filter, read from and written to the address: the URL is the state."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from kairan.domain.severity import Severity
from kairan.store.queries.findings import Filter
from kairan.web import words

_MOST_TEXT = 200
_MOST_WORDS = 8
DEFAULT = Filter()


@dataclass(frozen=True, slots=True)
class Choice:
    """One link of a row of choices."""

    label: str
    address: str
    chosen: bool
    severity: Severity | None = None


def read(parameters: QueryDict) -> Filter:
    """What an address asks for. What cannot be understood asks for nothing."""
    text = " ".join(parameters.get("q", "")[:_MOST_TEXT].replace("\0", " ").split()[:_MOST_WORDS])
    state = parameters.get("state", DEFAULT.state)
    severity = parameters.get("severity", "").upper()
    return Filter(
        text,
        state if state in ("open", "closed", "all") else DEFAULT.state,
        Severity[severity] if severity in Severity.__members__ else None,
    )


def address(chosen: Filter, **place: object) -> str:
    """The list's address with this filter, at this place (`after=` or `before=` a cursor)."""
    parameters = {
        "q": chosen.text,
        "state": "" if chosen.state == DEFAULT.state else chosen.state,
        "severity": chosen.severity.word if chosen.severity is not None else "",
        **place,
    }
    query = urlencode({key: str(value) for key, value in parameters.items() if value})
    return reverse("findings") + (f"?{query}" if query else "")


def states(chosen: Filter) -> list[Choice]:
    labels: Mapping[str, str] = {
        "open": pgettext("state", "Open"),
        "closed": pgettext("state", "Closed"),
        "all": pgettext("state", "All"),
    }
    return [
        Choice(label, address(replace(chosen, state=state)), chosen.state == state) for state, label in labels.items()
    ]


def severities(chosen: Filter) -> list[Choice]:
    anything = Choice(_("Any severity"), address(replace(chosen, severity=None)), chosen.severity is None)
    return [anything] + [
        Choice(
            words.severity_word(severity),
            address(replace(chosen, severity=severity)),
            chosen.severity is severity,
            severity,
        )
        for severity in sorted(Severity, reverse=True)
    ]


def wider(chosen: Filter) -> list[Choice]:
    """Ways to see more, for when the filter hides all."""
    ways = []
    if chosen.text:
        ways.append(Choice(_("Drop the search words"), address(replace(chosen, text="")), False))
    if chosen.severity is not None:
        ways.append(Choice(_("Show any severity"), address(replace(chosen, severity=None)), False))
    if chosen.state != "all":
        ways.append(Choice(_("Show open and closed ones"), address(replace(chosen, state="all")), False))
    return ways
