"""A rule rehearsed: what happened to findings goes through it once more, in order; what it leads to is counted.

Pure and streaming: it holds the cases it met, never the steps. What it cannot know it leaves out: people's decisions
(a case under one is not reopened in truth), and what findings were then (they are taken as they are today).
"""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from kairan.domain.config import Config, Rule
from kairan.domain.duration import duration
from kairan.domain.news import Code
from kairan.services.audience import DIGESTED, POSTED, hears
from kairan.services.pace import Pace, Turn
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
    """`open`: its open findings, each with its team; `teams`: whose parts it has, each with the time of its last news;
    `posted`: where it has a post: lane and team."""

    open: dict[int, str] = field(default_factory=dict)
    teams: dict[str, datetime] = field(default_factory=dict)
    posted: set[tuple[str, str, str]] = field(default_factory=set)
    back_at: datetime | None = None
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
        self._pace = Pace()
        self._gathered: set[tuple[str, str, str, str, datetime]] = set()
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
        case = self._cases[step.case] = _Case({step.finding: step.team}, is_silent=step.is_baseline)
        if step.at >= self._since:
            self.tally.opened += step.is_ours
            self.tally.added += not step.is_ours
            self.tally.baseline += step.is_baseline
        self._tell(case, step, Code.OPENED, self._psirt)
        self._tell_team(case, step, Code.OPENED)

    def _join(self, case: _Case, step: Step) -> None:
        """A case that was closed comes back; or a part does, another team is affected, or a part just grows."""
        came_back, is_there = not case.open, step.team in case.open.values()
        case.open[step.finding] = step.team
        if came_back:
            case.closed_at, case.back_at = None, step.at
            if step.at >= self._since:
                self.tally.reopened += step.is_ours
            self._tell(case, step, Code.REOPENED, self._psirt)
        if step.team not in case.teams:
            self._tell_team(case, step, Code.PART_ADDED)
        elif not is_there:
            self._tell_part(case, step, Code.REOPENED)
        elif case.teams[step.team] != step.at:  # what comes at one time is told at once
            self._tell_part(case, step, Code.JOINED)
        case.teams[step.team] = step.at

    def _close(self, case: _Case, step: Step) -> None:
        team = case.open.pop(step.finding, None)
        if team is not None and team not in case.open.values():
            self._tell(case, step, Code.PART_RESOLVED, self._team(team), of_part=True)
        if case.open or case.closed_at is not None:
            return
        case.closed_at = step.at
        if step.at >= self._since:
            self.tally.closed += step.is_ours
        self._tell(case, step, Code.CLOSED, self._told(case))

    def _is_over(self, case: _Case, at: datetime) -> bool:
        return not case.open and case.closed_at is not None and at - case.closed_at > self._reopen_within

    # --- messages --------------------------------------------------------------------------------------------------

    def _team(self, key: str) -> list[Reader]:
        if key not in self._teams:
            self._teams[key] = self._directory.team(self._alone, key)
        return self._teams[key]

    def _told(self, case: _Case) -> list[Reader]:
        return [*self._psirt, *(reader for team in sorted(case.teams) for reader in self._team(team))]

    def _tell_team(self, case: _Case, step: Step, code: Code) -> None:
        """A team is affected by it: it gets a post, if it can be reached."""
        case.teams[step.team] = step.at
        self._tell(case, step, code, self._team(step.team), of_part=True)
        if step.at >= self._since and not case.is_silent:
            self._note_unreached(step.team)

    def _tell_part(self, case: _Case, step: Step, code: Code) -> None:
        self._tell(case, step, code, [*self._psirt, *self._team(step.team)], of_part=True)

    def _tell(self, case: _Case, step: Step, code: Code, readers: Sequence[Reader], *, of_part: bool = False) -> None:
        """As services.tell: a post where there is none, else what is heard below it."""
        if step.at < self._since or case.is_silent:
            return
        for reader in readers:
            place = (*reader.lane, reader.team)
            if reader.digest:
                if code in DIGESTED:
                    self._count(reader, self._pace.post(reader, step.at), 1)
            elif code in POSTED and place not in case.posted:
                turn = self._pace.post(reader, step.at)
                if turn.kind == "message":
                    case.posted.add(place)
                self._count(reader, turn, 2 if reader.form else 1)
            elif place in case.posted and hears(code, reader, of_part=of_part, with_case=case.back_at == step.at):
                self._count(reader, self._pace.reply(reader, step.at), 1)

    def _count(self, reader: Reader, turn: Turn, size: int) -> None:
        """A digest or roll-up is one message, however much is in it."""
        lane = self._lane(reader)
        lane.rolled_up += turn.kind == "roll_up"
        if turn.kind != "message":
            team = reader.team if turn.kind == "digest" else ""
            place = (turn.kind, *reader.lane, team, turn.at)
            if place in self._gathered:
                return
            self._gathered.add(place)
            size = 1
        lane.days[turn.at.astimezone(reader.zone).date()] += size

    def _note_unreached(self, team: str) -> None:
        for tell in self._rule.tell:
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
