"""Instants in places of lists, as addresses hold them. Only what was written so is read back: Python takes spellings
and offsets for instants that PostgreSQL refuses."""

from datetime import UTC, datetime


def written(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()


def instant(text: str) -> datetime | None:
    """None for what `written` does not write."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is UTC and found.isoformat() == text else None
