"""What a source offers, and what it is given.

A source turns documents (a vendor's answer, a report file) into reports of plain values. It opens no database, no
clock and no file: it is handed the bytes. Each source is one folder in `kairan/sources/` with one `SOURCE`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from kairan.domain.finding import Advisory, AssetRef, Glance, Observation, Rejected, ScopeClaim


@dataclass(frozen=True, slots=True)
class Shape:
    """What a document looks like from outside, made once for all sources that ask "is this mine?".

    `type` is "object", "array", "null" or "scalar". `keys` are the top-level keys (of an array: those of its first
    element); `scalars` the values of those keys that are text, numbers or booleans.
    """

    type: str
    keys: frozenset[str] = frozenset()
    scalars: Mapping[str, Any] = field(default_factory=dict)
    items: int = 0

    @property
    def empty(self) -> bool:
        """Says nothing by which a source could be told: `null`, `[]`, `{}`."""
        return self.type == "null" or (self.type in {"object", "array"} and not self.keys and not self.items)


@dataclass(frozen=True, slots=True)
class Hints:
    """What a person said about a document. `asset` stands in where the report names none, or another."""

    asset: AssetRef | None = None
    complete: bool | None = None
    name: str = ""


class Report(Protocol):
    """One snapshot: what a source says of some scopes at one instant."""

    @property
    def title(self) -> str:
        """What it is about, for people: an image's name, a cluster's."""

    @property
    def as_of(self) -> datetime | None:
        """The report's own time (aware), or None where it has none."""

    @property
    def scopes(self) -> Sequence[ScopeClaim]: ...

    @property
    def size(self) -> int:
        """How many records there are to read, for progress."""

    def records(self) -> Iterator[Observation | Rejected]:
        """Every record, once, in the answer's order. Nothing is skipped."""

    def advisories(self) -> Iterator[Advisory | Rejected]:
        """Records that are texts about vulnerabilities and no findings (an advisory feed)."""


@runtime_checkable
class Glancing(Protocol):
    """A report whose records can be looked at before they are read: most of them say nothing new."""

    def glances(self) -> Iterator[Glance | Observation | Rejected]:
        """The records of `records()`, those that can be only looked at."""


@runtime_checkable
class Source(Protocol):
    """A kind of source. `parser_version` goes up whenever the same bytes are read to other values."""

    @property
    def kind(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def parser_version(self) -> int: ...

    def recognises(self, shape: Shape) -> bool:
        """Is a document of this shape ours?"""

    def reports(self, data: memoryview | bytes, hints: Hints) -> Iterator[Report]:
        """Split a document (UTF-8 JSON) into its reports. SourceError where it cannot be read at all."""

    def redacted(self, data: memoryview | bytes) -> bytes | None:
        """The document without the values of found secrets, or None where it holds none."""
