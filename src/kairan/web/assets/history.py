"""How many findings opened and closed each week, as bars: opened above the line, closed below it."""

from collections.abc import Sequence
from dataclasses import dataclass

from kairan.store.queries.asset_page import Week

_STEP, _WIDTH = 20, 14
_HALF = 60  # the height of the highest bar


@dataclass(frozen=True, slots=True)
class Bar:
    """Whole numbers in the drawing's units, which no language writes with a comma."""

    x: int
    up_y: int
    up: int
    down: int
    week: Week


@dataclass(frozen=True, slots=True)
class Chart:
    """`most` is what the highest bar stands for. Nothing to draw where it is 0."""

    bars: Sequence[Bar]
    most: int
    opened: int
    closed: int
    width: int
    middle: int
    height: int
    bar_width: int = _WIDTH


def chart(weeks: Sequence[Week]) -> Chart:
    most = max((max(week.opened, week.closed) for week in weeks), default=0)
    bars = [
        Bar(at * _STEP + (_STEP - _WIDTH) // 2, _HALF - _high(week.opened, most), *_both(week, most), week)
        for at, week in enumerate(weeks)
    ]
    return Chart(
        bars,
        most,
        sum(week.opened for week in weeks),
        sum(week.closed for week in weeks),
        width=len(weeks) * _STEP,
        middle=_HALF,
        height=2 * _HALF,
    )


def _both(week: Week, most: int) -> tuple[int, int]:
    return _high(week.opened, most), _high(week.closed, most)


def _high(number: int, most: int) -> int:
    """At least two units where there is something: one among thousands is not none."""
    return max(2, number * _HALF // most) if number else 0
