"""The list's columns: which there are, which are shown, and which way of sorting each head stands for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kairan.store.queries.walk import Sort

LABELS: Mapping[str, str | Promise] = {
    "severity": _("Severity"),
    "id": _("Identifier"),
    "title": _("Title"),
    "package": _("Package"),
    "versions": _("Installed → fixed"),
    "asset": _("Asset"),
    "location": _("Location"),
    "team": _("Team"),
    "sources": _("Sources"),
    "seen": _("First seen"),
    "state": _("State"),
    "closed": _("Closed"),
}
_DEFAULT = ("severity", "id", "title", "package", "versions", "asset", "seen")
_WITH_STATE = ("severity", "id", "title", "package", "asset", "seen", "state")  # what is closed needs no upgrade
_ALWAYS = "id"  # a row without its link leads nowhere
_COOKIE = "kairan_columns"
_YEAR = 365 * 24 * 3600
# What a click on a head asks for: the first way, or the next of them where one is chosen.
_SORTS: Mapping[str, tuple[tuple[Sort, str], ...]] = {
    "severity": ((Sort.SEVERITY, "descending"),),
    "seen": ((Sort.FIRST_SEEN, "descending"), (Sort.OLDEST, "ascending")),
    "closed": ((Sort.CLOSED, "descending"),),
}


@dataclass(frozen=True, slots=True)
class Head:
    """A column's head. `sorted` is what aria-sort says; `next` the way that a click asks for, if any."""

    name: str
    label: str | Promise
    sorted: str = ""
    next: Sort | None = None


def known(names: Iterable[str]) -> tuple[str, ...]:
    """Those of the names that are columns, in our order."""
    chosen = {*names, _ALWAYS}
    return tuple(name for name in LABELS if name in chosen)


def shown(request: HttpRequest, said: Sequence[str] | None, *, all_open: bool, teams: bool) -> Sequence[str]:
    """The address's columns, else those last chosen in this browser, else the usual: the state where it differs, the
    team where there are teams."""
    if said is not None:
        return said
    if remembered := request.COOKIES.get(_COOKIE, ""):
        return known(remembered.split("."))
    usual = _DEFAULT if all_open else _WITH_STATE
    return known([*usual, "team"]) if teams else usual


def are_usual(request: HttpRequest, said: Sequence[str] | None) -> bool:
    """Did nobody choose them? Then a narrow window may leave one out."""
    return said is None and not request.COOKIES.get(_COOKIE, "")


def remember(response: HttpResponse, chosen: Sequence[str] | None) -> None:
    """For addresses that say nothing; None: the usual ones again."""
    if chosen is None:
        response.delete_cookie(_COOKIE, samesite="Lax")
        return
    value, secure = ".".join(chosen), settings.SESSION_COOKIE_SECURE
    response.set_cookie(_COOKIE, value, max_age=_YEAR, samesite="Lax", secure=secure)


def heads(names: Sequence[str], sort: Sort) -> list[Head]:
    return [_head(name, sort) for name in names]


def _head(name: str, sort: Sort) -> Head:
    ways = _SORTS.get(name, ())
    at = next((number for number, (way, _direction) in enumerate(ways) if way is sort), None)
    if at is None:
        return Head(name, LABELS[name], next=ways[0][0] if ways else None)
    return Head(name, LABELS[name], ways[at][1], ways[(at + 1) % len(ways)][0] if len(ways) > 1 else None)
