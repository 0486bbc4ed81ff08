"""Severity: one scale for every source, ordered, so that the worst of several is `max`."""

from enum import IntEnum


class Severity(IntEnum):
    """Qualitative severity (CVSS v3.1, section 5), stored as its number.

    UNKNOWN means nobody said, never "harmless".
    """

    UNKNOWN = 0
    NONE = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5

    @property
    def word(self) -> str:
        return self.name.lower()

    @classmethod
    def parse(cls, text: str | None) -> "Severity":
        """Read a vendor's word in any case; what nobody knows is UNKNOWN."""
        return _WORDS.get((text or "").strip().lower(), cls.UNKNOWN)


_WORDS = {severity.word: severity for severity in Severity} | {
    "moderate": Severity.MEDIUM,
    "important": Severity.HIGH,
    "negligible": Severity.LOW,
    "minor": Severity.LOW,
    "informational": Severity.NONE,
    "info": Severity.NONE,
}
