"""Facets: what the findings of the query have in common, each value a way to narrow or widen it."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kairan.domain.finding import RecordKind
from kairan.domain.query.terms import about, chosen, toggled, without
from kairan.domain.severity import Severity
from kairan.store.queries import facets as queries
from kairan.store.queries import search
from kairan.web import words
from kairan.web.findings.address import Address
from kairan.web.findings.asking import Asked, understood

_STATES = {"open": pgettext_lazy("state", "Open"), "closed": pgettext_lazy("state", "Closed")}


@dataclass(frozen=True, slots=True)
class _Facet:
    """`key` of the store's counts; `asks` is the query's key, of which it knows the values `known` (None: any)."""

    key: str
    label: str | Promise
    asks: str
    known: tuple[str, ...] | None = None
    words: Mapping[str, str | Promise] | None = None
    is_open: bool = False


_FACETS = (
    _Facet("severity", _("Severity"), "severity", tuple(s.word for s in Severity), is_open=True),
    _Facet("state", _("State"), "is", ("open", "closed"), is_open=True),
    _Facet("source", _("Source"), "source", is_open=True),
    _Facet("kind", _("Kind"), "is", tuple(kind.value for kind in RecordKind), words.KIND),
    _Facet("asset-kind", _("Kind of asset"), "asset-kind", None, words.ASSET, is_open=True),
    _Facet("team", _("Team"), "team"),
    _Facet("repository", _("Repository"), "repo"),
    _Facet("image", _("Container image"), "image"),
    _Facet("account", _("Account"), "account"),
    _Facet("namespace", _("Namespace"), "namespace"),
    _Facet("package", _("Package"), "package"),
)


@dataclass(frozen=True, slots=True)
class Value:
    """`number` None: chosen, but not among the most frequent. `id` keeps the focus when the facets come anew."""

    id: str
    label: str
    severity: Severity | None
    number: int | None
    address: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """`bounded`: there are more than were counted, so its numbers mean "at least"."""

    key: str
    label: str | Promise
    values: Sequence[Value]
    bounded: bool
    is_open: bool


def of(address: Address, asked: Asked) -> list[Facet]:
    """Facets that have something to say. Where values of one are chosen, its counts are those of the query without
    them: what a second choice would bring.
    """
    active = {facet.key: term for facet in _FACETS if (term := about(asked.terms, facet.asks, facet.known))}
    rest = queries.facets(search.select(asked.node), [f.key for f in _FACETS if f.key not in active])
    found = []
    for facet in _FACETS:
        counted = rest
        if term := active.get(facet.key):
            wider = search.select(understood(without(asked.terms, term)))
            counted = queries.facets(wider, [facet.key])
        found.append(_facet(facet, counted, address, asked))
    return [facet for facet in found if len(facet.values) > (facet.key in _BORING_ALONE)]


_BORING_ALONE = {"kind"}


def _facet(facet: _Facet, counted: queries.Facets, address: Address, asked: Asked) -> Facet:
    wanted = chosen(asked.terms, facet.asks, facet.known)
    numbers: dict[str, int | None] = dict(counted.values[facet.key])
    if facet.key == "severity":
        numbers = {s.word: numbers[s.word] for s in sorted(Severity, reverse=True) if s.word in numbers}
    there = {value.lower() for value in numbers}
    numbers |= dict.fromkeys(sorted(wanted - there))
    values = [_value(facet, value, number, wanted, address, asked) for value, number in numbers.items()]
    return Facet(facet.key, facet.label, values, counted.bounded, facet.is_open or bool(wanted))


def _value(
    facet: _Facet, value: str, number: int | None, wanted: frozenset[str], address: Address, asked: Asked
) -> Value:
    severity = Severity[value.upper()] if facet.key == "severity" else None
    label = str((_STATES if facet.key == "state" else facet.words or {}).get(value, value))
    text = toggled(asked.terms, facet.asks, value, facet.known)
    place = f"facet-{facet.key}-{zlib.crc32(value.encode()):x}"
    return Value(place, label, severity, number, address.link(text=text), value.lower() in wanted)
