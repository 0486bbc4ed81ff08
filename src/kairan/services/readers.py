"""Who reads of a case: the channels that its rules name, and how those who read there want to be told."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from kairan.domain.config import Channel, Config, Destination, QuietHours, Rule, Start, Team, Tell
from kairan.interfaces import registry
from kairan.store.queries.deliveries import Case

PREVIEW = "preview"
UTC_ZONE = ZoneInfo("UTC")
TICKETS = Channel("tickets", "tickets")  # where the preview shows tickets


@dataclass(frozen=True, slots=True)
class Reader:
    """A channel of a destination. `team` is the key of whose it is, "" for those who triage."""

    destination: str
    channel: str
    name: str
    zone: ZoneInfo
    team: str = ""
    quiet: QuietHours | None = None
    ceiling: int | None = None
    digest: str = ""
    form: bool = False
    can_edit: bool = True
    start: Start | None = None
    rounds: ZoneInfo = UTC_ZONE  # where the times of rounds are

    @property
    def lane(self) -> tuple[str, str]:
        return self.destination, self.channel


@dataclass(frozen=True, slots=True)
class Reach:
    """Rules and the destinations they tell teams in; teams and the destinations they have a channel in.

    In `all_teams` each team has one.
    """

    rules: Sequence[tuple[str, str]]
    teams: Sequence[tuple[str, str]]
    all_teams: Sequence[str]


class Directory:
    """A configuration, looked up by names. What it does not name (any more) nobody reads."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.destinations = {each.name: each for each in config.destinations}
        self.rules = {each.name: each for each in config.rules or ()}
        self.teams = {each.key: each for each in config.teams}
        self.editable = {each.name for each in config.destinations if _can_edit(each.kind)}

    def rules_of(self, case: Case) -> list[Rule]:
        """The rule that opened it, then those that matched too."""
        return [self.rules[name] for name in (case.rule, *case.also) if name in self.rules]

    def psirt(self, case: Case) -> list[Reader]:
        """Those who triage, each channel once: an earlier rule's wishes count."""
        return _once(self._psirt(tell) for tell in self._tells(case) if tell.audience == "psirt")

    def team(self, case: Case, key: str) -> list[Reader]:
        """A team's channels, each once."""
        if not key:
            return []
        return _once(self._team(tell, key) for tell in self._tells(case) if tell.audience == "teams")

    def anyone(self, destination: str, channel: Channel) -> Reader | None:
        """A channel that a rule names besides. None: the destination is not configured."""
        if destination not in self.destinations:
            return None
        return self._reader(Tell(to=destination), channel, self.config.time_zone, "")

    def reach(self) -> "Reach":
        """Which teams the rules' messages get to."""
        told = {each: {tell.to for tell in rule.tell if tell.audience == "teams"} for each, rule in self.rules.items()}
        has = {key: {name for name in team.channels if name in self.destinations} for key, team in self.teams.items()}
        stands_in = {name for name, each in self.destinations.items() if each.kind == PREVIEW}
        return Reach(
            rules=[(rule, name) for rule, names in told.items() for name in sorted(names)],
            teams=[(key, name) for key, names in has.items() for name in sorted(names)],
            all_teams=sorted(stands_in),
        )

    def escalated_to(self, rule: Rule) -> Reader | None:
        """Whom a rule names for what nobody answered; in the quiet hours that the rule keeps there."""
        if rule.escalate is None:
            return None
        quiet = (tell.quiet_hours for tell in rule.tell if tell.to == rule.escalate.to and tell.quiet_hours)
        found = self.anyone(rule.escalate.to, rule.escalate.channel)
        return replace(found, quiet=next(quiet, None)) if found else None

    def tickets(self) -> Reader | None:
        """Where tickets are made: the first destination that can; else the preview shows them."""
        for each in self.config.destinations:
            if each.channel and getattr(registry.destinations().get(each.kind), "makes_tickets", False):
                return self.anyone(each.name, each.channel)
        preview = next((each.name for each in self.config.destinations if each.kind == PREVIEW), None)
        return self.anyone(preview, TICKETS) if preview else None

    def _tells(self, case: Case) -> Iterator[Tell]:
        for rule in self.rules_of(case):
            yield from (tell for tell in rule.tell if tell.to in self.destinations)

    def _psirt(self, tell: Tell) -> Reader | None:
        channel = tell.channel or self.destinations[tell.to].channel
        return self._reader(tell, channel, self.config.time_zone, "") if channel else None

    def _team(self, tell: Tell, key: str) -> Reader | None:
        team = self.teams.get(key, Team(key))
        channel = team.channels.get(tell.to) or self._stand_in(self.destinations[tell.to], key)
        return self._reader(tell, channel, team.time_zone or self.config.time_zone, key) if channel else None

    @staticmethod
    def _stand_in(destination: Destination, key: str) -> Channel | None:
        """The preview shows what a team would be told that has no channel yet."""
        return Channel(key, key) if destination.kind == PREVIEW else None

    def _reader(self, tell: Tell, channel: Channel, zone: str, team: str) -> Reader:
        return Reader(
            destination=tell.to,
            channel=channel.id,
            name=channel.name or channel.id,
            zone=ZoneInfo(zone),
            team=team,
            quiet=tell.quiet_hours,
            ceiling=tell.ceiling,
            digest=tell.digest,
            form=tell.form,
            can_edit=tell.to in self.editable,
            start=self.destinations[tell.to].start,
            rounds=ZoneInfo(self.config.time_zone),
        )


def _can_edit(kind: str) -> bool:
    found = registry.destinations().get(kind)
    return found is None or found.can_edit


def _once(readers: Iterator[Reader | None]) -> list[Reader]:
    found: dict[tuple[str, str], Reader] = {}
    for reader in readers:
        if reader is not None:
            found.setdefault(reader.lane, reader)
    return list(found.values())


def lanes(readers: Sequence[Reader]) -> dict[tuple[str, str], Reader]:
    """By destination and channel."""
    return {reader.lane: reader for reader in readers}
