"""Who does something: what use cases are told, and the audit keeps."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it, by the name of today; `person` None for who types on Kairan's own machine.

    `role` and `answers_for` (teams) are what membership in a channel gives at this moment, beside what the person has
    in the database: services.clickers asks the destination for it, nobody takes it from a payload.
    """

    name: str
    person: int | None = None
    origin: str = "command line"
    role: str = ""
    answers_for: frozenset[int] = frozenset()
