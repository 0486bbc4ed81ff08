"""The query as the page shows it: text and chips in step, or what is wrong with it and where."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from kairan.domain.errors import QueryError
from kairan.domain.query import Node, parse
from kairan.domain.query.keys import KEYS
from kairan.domain.query.parse import Term, parse_terms
from kairan.domain.query.terms import without
from kairan.domain.query.tree import EVERYTHING
from kairan.web.findings.address import Address
from kairan.web.findings.complaints import said
from kairan.web.findings.words import key_help

_AROUND = 60  # signs of a long query on each side of its error


@dataclass(frozen=True, slots=True)
class Chip:
    """One term; `address` is the list without it."""

    text: str
    address: str


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong: the query's text before the place, the word at it (nothing at the end), and the rest."""

    message: str
    before: str
    marked: str
    after: str


@dataclass(frozen=True, slots=True)
class Help:
    example: str
    help: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A query understood, or a complaint."""

    node: Node = EVERYTHING
    terms: Sequence[Term] = ()
    chips: Sequence[Chip] = ()
    complaint: Complaint | None = None

    @property
    def keys(self) -> list[Help]:
        """What can be asked, for whoever asked in vain."""
        return [
            Help(key.example or f"{key.name}:yes", key_help(key.name)) for key in KEYS.values() if key.answered != ()
        ]


def ask(address: Address) -> Asked:
    """Read the address's query. Days begin at midnight in the reader's zone."""
    try:
        node = understood(address.text)
        terms = parse_terms(address.text, timezone.now(), timezone.get_current_timezone())
    except QueryError as error:
        return Asked(complaint=_complaint(address.text, error))
    return Asked(node, terms, [Chip(term.text, address.link(text=without(terms, term))) for term in terms])


def understood(text: str) -> Node:
    """The tree of a query as the reader means it. QueryError for what is none."""
    return parse(text, timezone.now(), timezone.get_current_timezone())


def _complaint(text: str, error: QueryError) -> Complaint:
    at = min(error.position, len(text))
    rest = text[at:]
    wide = next((n for n, sign in enumerate(rest) if n and (sign.isspace() or sign in '()",')), len(rest))
    before, after = text[:at], rest[wide:]
    return Complaint(
        said(error),
        "…" + before[-_AROUND:] if len(before) > _AROUND else before,
        rest[:wide][:_AROUND],
        after[:_AROUND] + "…" if len(after) > _AROUND else after,
    )
