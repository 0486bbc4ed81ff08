"""Template filters of the pages about what was read."""

import textwrap
from datetime import datetime

from django import template

from kairan.web.shown import duration

register = template.Library()


@register.filter
def lasted(finished: datetime | None, started: datetime | None) -> str:
    """`run.finished_at|lasted:run.started_at`: 40 ms, 1.4 s, 12 s, 3 minutes."""
    if finished is None or started is None:
        return "–"
    return duration((finished - started).total_seconds())


@register.filter
def file_name(path: str) -> str:
    """The last part of a path."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2] or path


@register.filter
def dedented(record: str) -> str:
    """A record out of a report: its first line has lost the indentation that the others still have.

    One that was cut short (it ends in …) has no last line to tell how deep its fields are: they go in by two.
    """
    first, end, rest = record.partition("\n")
    rest = textwrap.dedent(rest)
    return first + end + (textwrap.indent(rest, "  ") if rest.endswith("…") else rest)
