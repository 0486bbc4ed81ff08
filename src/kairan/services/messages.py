"""Use case: messages per channel and day as they were sent, beside one message for each finding."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from kairan.domain.config import Config
from kairan.services import configuration
from kairan.services.readers import Directory, Reader, lanes
from kairan.store.queries import messages as queries
from kairan.store.queries.deliveries import Case


@dataclass(frozen=True, slots=True)
class Line:
    """One channel, on one day or on all (`day` None). `per_finding`: one message for each finding that opened."""

    destination: str
    channel: str
    name: str
    day: date | None = None
    told: int = 0
    edited: int = 0
    waiting: int = 0
    failed: int = 0
    per_finding: int = 0

    @property
    def share(self) -> float | None:
        """Messages for each finding's message; None where no finding called for one."""
        return (self.told + self.waiting) / self.per_finding if self.per_finding else None


@dataclass(frozen=True, slots=True)
class Messages:
    """`days` by day and channel, `channels` summed up, `total` of all."""

    since: datetime
    until: datetime
    zone: str
    days: Sequence[Line] = ()
    channels: Sequence[Line] = ()
    total: Line = field(default_factory=lambda: Line("", "", ""))


def messages(days: int, now: datetime) -> Messages:
    """What was told in the days before `now`. Days are those of the configuration's time zone."""
    config, since = configuration.active(), now - timedelta(days=days)
    zone = config.time_zone
    lines: dict[tuple[date, str, str], Line] = {}
    for sent in queries.sent(since, now, zone):
        key = (sent.day, sent.destination, sent.channel)
        counts = {"told": sent.told, "edited": sent.edited, "waiting": sent.waiting, "failed": sent.failed}
        name = sent.channel_name or sent.channel
        lines[key] = Line(sent.destination, sent.channel, name, sent.day, **counts)
    for day, reader, findings in _per_finding(config, queries.happened(since, now, zone)):
        key = (day, reader.destination, reader.channel)
        known = lines.get(key) or Line(reader.destination, reader.channel, reader.name, day)
        lines[key] = replace(known, per_finding=known.per_finding + findings)
    ordered = sorted(lines.values(), key=lambda each: (each.day or date.min, each.destination, each.name))
    return Messages(since, now, zone, ordered, _channels(ordered), _summed(Line("", "", ""), ordered))


def _per_finding(config: Config, happened: Sequence[queries.Happened]) -> Iterator[tuple[date, Reader, int]]:
    """Each finding once into each channel that its rules name."""
    directory = Directory(config)
    for each in happened:
        case = Case(0, each.rule, each.also, "open", None, ())
        for reader in lanes([*directory.psirt(case), *directory.team(case, each.team)]).values():
            yield each.day, reader, each.findings


def _channels(lines: Sequence[Line]) -> list[Line]:
    of: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in lines:
        of[line.destination, line.channel].append(line)
    summed = [_summed(Line(each[-1].destination, each[-1].channel, each[-1].name), each) for each in of.values()]
    return sorted(summed, key=lambda line: (line.destination, line.name))


_COUNTS = ("told", "edited", "waiting", "failed", "per_finding")


def _summed(into: Line, lines: Sequence[Line]) -> Line:
    return replace(into, **{name: sum(getattr(line, name) for line in lines) for name in _COUNTS})
