"""The clock. Passed in everywhere, so that tests and the demo can move time."""

from datetime import UTC, datetime


def now() -> datetime:
    """This instant, in UTC."""
    return datetime.now(UTC)
