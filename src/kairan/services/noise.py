"""Use case: told against acted upon, per rule and channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kairan.services import configuration
from kairan.store.queries import noise as queries
from kairan.store.queries.noise import Heard


@dataclass(frozen=True, slots=True)
class Noise:
    """`within`: an action counts that came so soon after it was told. `without_action`: rules that told of cases of
    which not one led to anything."""

    since: datetime
    until: datetime
    within: timedelta
    heard: Sequence[Heard]
    without_action: Sequence[str]
    rules: int


def noise(days: int, within: int, now: datetime) -> Noise:
    """What was told in the days before `now`, and whether somebody acted upon it within so many days."""
    since, soon = now - timedelta(days=days), timedelta(days=within)
    heard = queries.heard(since, now, soon)
    told = dict.fromkeys(each.rule for each in heard)
    useless = [rule for rule in told if not any(each.acted + each.fixed for each in heard if each.rule == rule)]
    return Noise(since, now, soon, heard, useless, len(configuration.active().rules or ()))
