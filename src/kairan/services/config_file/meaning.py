"""What a well-formed configuration says: names that resolve, queries that parse, times that exist."""

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter

from kairan.domain.config import Config, Destination, Ownership, Rule, Tell
from kairan.domain.duration import duration
from kairan.domain.errors import QueryError
from kairan.domain.query import And, Choice, Node, Not, Or, Pattern, parse
from kairan.services.config_file.reading import Reading
from kairan.services.config_file.tree import Scalar

LONGEST_DAYS = 3_660
_CONDITIONS = ("query", "repository", "account", "namespace", "cluster", "image", "resource_group", "tag")
_CRON = re.compile(r"[-0-9*,/?L#A-Za-z]+( +[-0-9*,/?L#A-Za-z]+){4}")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_LINK_WORDS = ("ghsaId", "cve", "from", "to")


def check(config: Config, reading: Reading, now: datetime) -> None:
    """Complain about everything that is well-formed and yet makes no sense."""
    _Meaning(config, reading, now).all()


class _Meaning:
    def __init__(self, config: Config, reading: Reading, now: datetime) -> None:
        self.config, self.reading, self.now = config, reading, now
        self.complain = reading.complain_of
        self.teams = [each.key for each in config.teams]
        self.destinations = [each.name for each in config.destinations] or ["preview"]

    def all(self) -> None:
        self.general()
        self.people_and_teams()
        for at, each in enumerate(self.config.ownership):
            self.ownership(each, f"ownership[{at}]")
        self.repositories()
        self.names([each.name for each in self.config.rules or ()], "rules", "name")
        for at, rule in enumerate(self.config.rules or ()):
            self.rule(rule, f"rules[{at}]")
        self.names([each.name for each in self.config.destinations], "destinations", "name")
        for at, destination in enumerate(self.config.destinations):
            self.start(destination, f"destinations[{at}].start")
        self.names([each.name for each in self.config.sources], "sources", "name")
        for at, source in enumerate(self.config.sources):
            self.cron(source.at, f"sources[{at}].at")
        self.durations()

    # --- sections --------------------------------------------------------------------------------------------------

    def general(self) -> None:
        self.zone(self.config.time_zone, "time_zone")
        self.cron(self.config.baseline.at, "baseline.at")
        if self.config.address and not _is_address(self.config.address):
            self.complain("address", "is the address of Kairan's pages: https://kairan.example.com")
        if self.config.owner and ("/" in self.config.owner or not self.config.owner.strip()):
            self.complain("owner", "is the organisation's name alone, as in github.com/NAME")
        for name in ("siem_discover", "siem_dashboard"):
            self.link(getattr(self.config.links, name), f"links.{name}")

    def start(self, destination: Destination, path: str) -> None:
        start = destination.start
        if start is None:
            return
        self.cron(start.at, f"{path}.at")
        if not start.at and start.post is None:
            self.complain(path, "say when rounds start: at (times), or post (who posts what)")
        if start.post and start.post.channel is None and destination.channel is None:
            self.complain(f"{path}.post", "say in which channel it is posted: channel: {id: C0123456789}")

    def link(self, template: str, path: str) -> None:
        if not template:
            return
        unknown = sorted(set(_PLACEHOLDER.findall(template)) - set(_LINK_WORDS))
        if unknown:
            known = ", ".join(f"{{{each}}}" for each in _LINK_WORDS)
            self.complain(path, f"{{{unknown[0]}}} stands for nothing; there are: {known}")
        if not _is_address(_PLACEHOLDER.sub("x", template)):
            self.complain(path, "is an address that begins with https:// or http://")

    def people_and_teams(self) -> None:
        self.names(self.teams, "teams", "key")
        self.names(self.config.psirt, "psirt", "")
        for at, team in enumerate(self.config.teams):
            path = f"teams[{at}]"
            self.zone(team.time_zone, f"{path}.time_zone")
            self.names(team.members, f"{path}.members", "")
            for name in team.channels:
                self.destination(name, f"{path}.channels.{name}")

    def ownership(self, entry: Ownership, path: str) -> None:
        conditions = [name for name in _CONDITIONS if getattr(entry, name)]
        if entry.codeowners:
            self.codeowners(entry, conditions, path)
        elif entry.owners:
            self.complain(f"{path}.owners", "says who stands behind a CODEOWNERS file's names: give `codeowners` too")
        elif not entry.team:
            self.complain(path, "says nobody who owns it: add `team`")
        elif not conditions and entry is not self.config.ownership[-1]:
            told = "fits everything, so that nothing below it is ever asked: add a condition, or put it last"
            self.complain(path, told)
        if entry.team:
            self.team(entry.team, f"{path}.team")
        for name in _CONDITIONS:
            found = getattr(entry, name)
            if name not in {"query", "tag"} and any(not each.strip() for each in found):
                self.complain(f"{path}.{name}", "holds an empty text: remove it")
        node = self.query(entry.query, f"{path}.query")
        if node is not None and _asks_owner(node):
            self.complain(
                f"{path}.query", "who owns a finding cannot depend on who owns it: leave out team and unowned"
            )

    def codeowners(self, entry: Ownership, conditions: Sequence[str], path: str) -> None:
        if conditions != ["repository"] or len(entry.repository) != 1 or "*" in entry.repository[0]:
            self.complain(path, "a CODEOWNERS file belongs to one `repository`: name just that, owner/name")
        if entry.team:
            self.complain(f"{path}.team", "`codeowners` says who owns what: use `owners` to name teams, not `team`")
        if not entry.owners:
            self.complain(path, 'needs `owners`: which team stands behind a name, as in "@acme/web": web')
        for name, team in entry.owners.items():
            self.team(team, f"{path}.owners.{name}")

    def repositories(self) -> None:
        listed = self.config.repositories
        self.names([each.name for each in listed], "repositories", "name", fold=True)
        names: dict[str, str] = {}
        for at, each in enumerate(listed):
            path = f"repositories[{at}]"
            for key in ("name", "notify_channel", "notify_channel_id"):
                if not getattr(each, key).strip():
                    self.complain(f"{path}.{key}", "is empty: write its name")
            if each.name.count("/") > 2 or each.name.startswith("/") or "//" in each.name:
                self.complain(f"{path}.name", "is a repository's name, or owner/name")
            known = names.setdefault(each.notify_channel_id, each.notify_channel)
            if known != each.notify_channel:
                number = each.notify_channel_id[:60]
                told = f"the channel {number} is called {known[:60]!r} above: one channel has one name"
                self.complain(f"{path}.notify_channel", told)

    def rule(self, rule: Rule, path: str) -> None:
        self.query(rule.when, f"{path}.when")
        for at, tell in enumerate(rule.tell):
            self.tell(tell, f"{path}.tell[{at}]")
        if rule.escalate:
            self.destination(rule.escalate.to, f"{path}.escalate.to")

    def tell(self, tell: Tell, path: str) -> None:
        self.destination(tell.to, f"{path}.to")
        self.cron(tell.digest, f"{path}.digest")
        quiet = tell.quiet_hours
        if quiet and quiet.begin == quiet.end:
            self.complain(f"{path}.quiet_hours", "`begin` and `end` are the same: nothing would ever be told")
        if tell.audience == "teams":
            for key in ("channel", "form"):
                if getattr(tell, key):
                    self.complain(f"{path}.{key}", "is for `audience: psirt` only; teams have channels of their own")
        elif not tell.channel:
            named = next((each for each in self.config.destinations if each.name == tell.to), None)
            if named and not named.channel:
                self.complain(path, f"the PSIRT has no channel: give `channel` here, or at the destination {tell.to}")

    def durations(self) -> None:
        """Any text that looks like one, wherever it stands: its form was checked with its type."""
        for path, text in _durations(self.config):
            if text and not 0 < _days(text) <= LONGEST_DAYS:
                self.complain(path, f"{text} is longer than ten years")

    # --- single values ---------------------------------------------------------------------------------------------

    def names(self, names: Collection[str], section: str, key: str, *, fold: bool = False) -> None:
        seen: dict[str, str] = {}
        for at, name in enumerate(names):
            path = f"{section}[{at}].{key}" if key else f"{section}[{at}]"
            word = name.lower() if fold else name
            if word in seen:
                first = self.reading.line(self.reading.written(seen[word]))
                self.complain(path, f"{name[:60]!r} stands there twice, first in line {first}")
            seen.setdefault(word, path)

    def team(self, key: str, path: str) -> None:
        if key not in self.teams and "teams" not in self.reading.lost:
            self.unknown("team", key, self.teams, path)

    def destination(self, name: str, path: str) -> None:
        if name not in self.destinations and "destinations" not in self.reading.lost:
            self.unknown("destination", name, self.destinations, path)

    def unknown(self, what: str, name: str, known: Sequence[str], path: str) -> None:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"{near[0]!r}?" if near else f"there are: {', '.join(known)}" if known else f"no {what} is written here"
        self.complain(path, f"there is no {what} {name[:60]!r}; {hint}")

    def zone(self, name: str, path: str) -> None:
        if name and not is_zone(name):
            self.complain(path, f"there is no time zone {name[:60]!r}; write one as in Asia/Tokyo or UTC")

    def cron(self, text: str, path: str) -> None:
        if text and (wrong := _wrong_cron(text, self.now)):
            example = "'0 9 * * 1-5' is 9:00 on weekdays"
            self.complain(path, f"{text[:60]!r} {wrong}: minute hour day month weekday; {example}")

    def query(self, text: str, path: str) -> Node | None:
        try:
            return parse(text, self.now, ZoneInfo(self.config.time_zone) if is_zone(self.config.time_zone) else UTC)
        except QueryError as error:
            said = error.message.format(**error.parts)
            place = self.reading.places.get(self.reading.written(path))
            column = _column(place, error.position) if isinstance(place, Scalar) else 0
            within = "" if column else f" (at {error.position + 1})"
            self.complain(path, f"{said}{within}", column=column)
            return None


def is_zone(name: str) -> bool:
    """Is it an IANA time zone that this machine knows?"""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _column(place: Scalar, position: int) -> int:
    """Where in the line a position of a text is; 0 where the text is folded over several lines or escaped."""
    if place.is_block or "\n" in place.text or '"' in place.text or "\\" in place.text:
        return 0
    return place.column + position + (0 if place.is_plain else 1)


def _wrong_cron(text: str, now: datetime) -> str:
    if not _CRON.fullmatch(text.strip()):
        return "is no time of a schedule (five parts)"
    try:
        croniter(text, now).get_next(datetime)
    except (CroniterError, ValueError, KeyError, OverflowError):
        return "never comes, or is no time of a schedule"
    return ""


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"https", "http"} and bool(parts.hostname) and " " not in text
    except ValueError:
        return False


def _asks_owner(node: Node) -> bool:
    match node:
        case And(nodes) | Or(nodes):
            return any(map(_asks_owner, nodes))
        case Not(inner):
            return _asks_owner(inner)
        case Pattern("team"):
            return True
        case Choice("is", words):
            return "unowned" in words
        case _:
            return False


def _durations(config: Config) -> Iterator[tuple[str, str]]:
    yield from ((f"sla.{name}", getattr(config.sla, name)) for name in ("critical", "high", "medium", "low"))
    for at, rule in enumerate(config.rules or ()):
        yield f"rules[{at}].reopen_within", rule.reopen_within
        yield from _of(rule.remind, ("after", "every"), f"rules[{at}].remind")
        yield from _of(rule.escalate, ("after",), f"rules[{at}].escalate")


def _of(struct: Any, names: Iterable[str], path: str) -> Iterator[tuple[str, str]]:
    if struct is not None:
        yield from ((f"{path}.{name}", getattr(struct, name)) for name in names)


def _days(text: str) -> float:
    try:
        return duration(text).total_seconds() / 86_400
    except (ValueError, OverflowError):
        return float("inf")
