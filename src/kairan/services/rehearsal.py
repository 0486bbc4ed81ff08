"""A rule rehearsed: what happened to findings goes through it once more, in order; what it leads to is counted.

Pure and streaming: it holds the cases it met, never the steps. What it cannot know it leaves out: people's decisions
(a case under one is not reopened in truth), and what findings were then (they are taken as they are today).
"""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from kairan.domain.config import Config, Rule
from kairan.domain.duration import duration
from kairan.domain.reading_times import after_quiet, next_slot
from kairan.services.readers import Directory, Reader
from kairan.store.queries.deliveries import Case
from kairan.store.queries.replayed import Step


@dataclass(frozen=True, slots=True)
class Place:
    """A destination's channel. `name` is what people call it."""

    destination: str
    channel: str
    name: str


@dataclass(slots=True)
class Lane:
    """What one channel would have got. `per_finding`: one message for each finding, as without rules."""

    days: Counter[date] = field(default_factory=Counter)
    per_finding: Counter[date] = field(default_factory=Counter)
    rolled_up: int = 0

    @property
    def messages(self) -> int:
        return self.days.total()


@dataclass(slots=True)
class Tally:
    """Cases of this rule; `added` are earlier rules' cases that it tells more people of; `unreached` (destination,
    team) that a message would have been for, without a channel there."""

    findings: int = 0
    opened: int = 0
    reopened: int = 0
    closed: int = 0
    added: int = 0
    baseline: int = 0
    open_at_end: int = 0
    lanes: dict[Place, Lane] = field(default_factory=dict)
    unreached: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass(slots=True)
class _Case:
    open: set[int] = field(default_factory=set)
    teams: set[str] = field(default_factory=set)
    closed_at: datetime | None = None
    is_silent: bool = False


class Rehearsal:
    """Takes steps in the order of their time; what lies before `since` only sets the stage."""

    def __init__(self, config: Config, rule: Rule, since: datetime) -> None:
        self._rule, self._since = rule, since
        self._reopen_within = duration(rule.reopen_within)
        self._directory = Directory(config)
        self._alone = Case(0, rule.name, (), "open", None, ())  # a case of this rule and no other
        self._psirt = self._directory.psirt(self._alone)
        self._teams: dict[str, list[Reader]] = {}
        self._cases: dict[Hashable, _Case] = {}
        self._slots: set[tuple[str, str, datetime]] = set()
        self._hours: Counter[tuple[str, str, datetime]] = Counter()
        self.tally = Tally()

    def take(self, step: Step) -> None:
        case = self._cases.get(step.case)
        if step.code == "closed":
            if case is not None:
                self._close(case, step)
            return
        self._count_finding(step)
        if case is None or self._is_over(case, step.at):
            self._open(step)
        else:
            self._join(case, step)

    def end(self) -> Tally:
        """The counts, after the last step."""
        self.tally.open_at_end = sum(1 for case in self._cases.values() if case.open)
        return self.tally

    # --- cases -----------------------------------------------------------------------------------------------------

    def _open(self, step: Step) -> None:
        case = self._cases[step.case] = _Case({step.finding}, {step.team}, is_silent=step.is_baseline)
        if step.at >= self._since:
            self.tally.opened += step.is_ours
            self.tally.added += not step.is_ours
            self.tally.baseline += step.is_baseline
        self._tell(case, step, [*self._psirt, *self._team(step.team)], is_post=True)

    def _join(self, case: _Case, step: Step) -> None:
        came_back = not case.open
        case.open.add(step.finding)
        if came_back:
            case.closed_at = None
            if step.at >= self._since:
                self.tally.reopened += step.is_ours
            self._tell(case, step, self._told(case), is_post=False)
        if step.team not in case.teams:
            case.teams.add(step.team)
            self._tell(case, step, self._team(step.team), is_post=True)

    def _close(self, case: _Case, step: Step) -> None:
        case.open.discard(step.finding)
        if case.open or case.closed_at is not None:
            return
        case.closed_at = step.at
        if step.at >= self._since:
            self.tally.closed += step.is_ours
        self._tell(case, step, self._told(case), is_post=False)

    def _is_over(self, case: _Case, at: datetime) -> bool:
        return not case.open and case.closed_at is not None and at - case.closed_at > self._reopen_within

    # --- messages --------------------------------------------------------------------------------------------------

    def _team(self, key: str) -> list[Reader]:
        if key not in self._teams:
            self._teams[key] = self._directory.team(self._alone, key)
        return self._teams[key]

    def _told(self, case: _Case) -> list[Reader]:
        """Who reads below the case's posts: it is closed, or open again."""
        return [*self._psirt, *(reader for team in sorted(case.teams) for reader in self._team(team))]

    def _tell(self, case: _Case, step: Step, readers: Sequence[Reader], *, is_post: bool) -> None:
        """A post, perhaps with a form below it; or news below the posts there are."""
        if step.at < self._since or case.is_silent:
            return
        for reader in readers:
            self._message(reader, step.at, size=2 if is_post and reader.form else 1)
        self._note_unreached(step.team, is_post=is_post)

    def _message(self, reader: Reader, at: datetime, size: int) -> None:
        lane = self._lane(reader)
        if reader.digest:
            self._gather(lane, reader, next_slot(reader.digest, reader.zone, at))
            return
        at = after_quiet(reader.quiet, reader.zone, at)
        hour = at.replace(minute=0, second=0, microsecond=0)
        place = (*reader.lane, hour)
        if reader.ceiling is not None and self._hours[place] >= reader.ceiling:
            lane.rolled_up += 1
            self._gather(lane, reader, hour + timedelta(hours=1))
            return
        self._hours[place] += size
        lane.days[at.astimezone(reader.zone).date()] += size

    def _gather(self, lane: Lane, reader: Reader, slot: datetime) -> None:
        """A digest or roll-up: one message, however much is in it."""
        if (*reader.lane, slot) not in self._slots:
            self._slots.add((*reader.lane, slot))
            lane.days[slot.astimezone(reader.zone).date()] += 1

    def _note_unreached(self, team: str, *, is_post: bool) -> None:
        for tell in self._rule.tell if is_post else ():
            if tell.audience == "teams" and not any(reader.destination == tell.to for reader in self._team(team)):
                self.tally.unreached[tell.to, team] += 1

    def _count_finding(self, step: Step) -> None:
        """One message for each finding into each channel that would hear of it."""
        if step.at < self._since:
            return
        self.tally.findings += 1
        for reader in (*self._psirt, *self._team(step.team)):
            self._lane(reader).per_finding[step.at.astimezone(reader.zone).date()] += 1

    def _lane(self, reader: Reader) -> Lane:
        return self.tally.lanes.setdefault(Place(*reader.lane, reader.name), Lane())


def by_day(lanes: Mapping[Place, Lane]) -> Iterator[tuple[date, Place, int, int]]:
    """Day, channel, messages, and how many it would be with one for each finding; in the order of days and names."""
    said = sorted(lanes.items(), key=lambda each: (each[0].destination, each[0].name))
    days = sorted({day for lane in lanes.values() for day in (*lane.days, *lane.per_finding)})
    for day in days:
        for place, lane in said:
            if lane.days[day] or lane.per_finding[day]:
                yield day, place, lane.days[day], lane.per_finding[day]
