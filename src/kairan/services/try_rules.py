"""Use case: try a rule on what happened: how many cases it would have opened, and whom it would have told how often."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from kairan.domain.config import Config, Rule
from kairan.domain.errors import ConfigError
from kairan.domain.query import Node, parse
from kairan.services import configuration
from kairan.services.rehearsal import Rehearsal, Tally
from kairan.store.queries import replayed

MOST_STEPS = 5_000_000  # on the command line
MOST_DAYS = 3_660
_A_LOOK = 10_000

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Tried:
    """What the rule would have led to between `since` and `until`. `is_cut`: there was more than may be looked at,
    so it holds for the time until `seen_to` only."""

    rule: Rule
    position: int
    since: datetime
    until: datetime
    tally: Tally
    steps: int
    seen_to: datetime | None
    is_cut: bool

    @property
    def messages(self) -> int:
        return sum(lane.messages for lane in self.tally.lanes.values())

    @property
    def per_finding(self) -> int:
        return sum(lane.per_finding.total() for lane in self.tally.lanes.values())

    @property
    def days(self) -> int:
        return (self.until - self.since).days


def config_of(path: Path | None) -> Config:
    """The configuration in force, or that of a file that is not applied yet. ConfigError where it is not in order."""
    if path is None:
        return configuration.active()
    checked = configuration.check(path)
    if checked.config is None:
        first = checked.complaints[0]
        raise ConfigError(f"{path} is not in order: {first}; `kairan check {path}` says all")
    return configuration.normalised(checked.config)


def find_rule(config: Config, name: str) -> int:
    """The rule's place. ConfigError names those there are."""
    names = [rule.name for rule in config.rules or ()]
    if name not in names:
        raise ConfigError(f"there is no rule {name!r}; there are: {', '.join(names) or 'none'}")
    return names.index(name)


def try_rule(
    config: Config, name: str, days: int, now: datetime, *, most: int = MOST_STEPS, progress: Progress | None = None
) -> Tried:
    """Replay what happened through one rule of this configuration. What lies before the days only sets the stage."""
    at = find_rule(config, name)
    rules = config.rules or ()
    rule, zone = rules[at], ZoneInfo(config.time_zone)
    since = now - timedelta(days=days)
    rehearsal = Rehearsal(config, rule, since)
    earlier = [(_asked(each, now, zone), each.group_by) for each in rules[:at]]
    steps, seen_to = 0, None
    for step in replayed.steps(_asked(rule, now, zone), earlier, rule.group_by, now, most):
        rehearsal.take(step)
        steps, seen_to = steps + 1, step.at
        if progress and steps % _A_LOOK == 0:
            progress(steps)
    return Tried(rule, at + 1, since, now, rehearsal.end(), steps, seen_to, steps >= most)


def try_all(config: Config, days: int, now: datetime) -> Iterator[Tried]:
    """Each rule, one after the other."""
    for rule in config.rules or ():
        yield try_rule(config, rule.name, days, now)


def _asked(rule: Rule, now: datetime, zone: ZoneInfo) -> Node:
    return parse(rule.when, now, zone)
