"""Who does something: what use cases are told, and the audit keeps."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it, by the name of today; `person` None for who types on Kairan's own machine."""

    name: str
    person: int | None = None
    origin: str = "command line"
