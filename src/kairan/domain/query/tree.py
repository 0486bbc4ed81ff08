"""What a query says, as a tree of plain values. Instants are fixed when it is parsed, so `now` is not needed later."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class And:
    """All of them. `And(())` is everything."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of them."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    node: "Node"


@dataclass(frozen=True, slots=True)
class Choice:
    """The key's value is one of these words. No words: nothing matches (the key is for what is yet to come)."""

    key: str
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Pattern:
    """One of the key's values is one of these texts, in any case; `*` stands for any signs."""

    key: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Period:
    """The key's instant lies in [start, end); None is open."""

    key: str
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Words:
    """These tokens (domain.query.words) stand in the finding's text, one after the other."""

    tokens: tuple[str, ...]


Node = And | Or | Not | Choice | Pattern | Period | Words

EVERYTHING = And(())
