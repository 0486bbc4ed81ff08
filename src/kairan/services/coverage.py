"""Use case: what nobody looks at, as far as Kairan can know it today, and what to do about each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kairan.domain.config import Config
from kairan.services import configuration
from kairan.services.readers import PREVIEW, Directory
from kairan.store.queries import coverage as queries


class Gap(StrEnum):
    """What is not looked at."""

    NAMED_NEVER_SEEN = "named_never_seen"  # in kairan.yaml, and in no source's report
    UNLISTED = "unlisted"  # a source reports it, kairan.yaml does not name it
    OVERDUE = "overdue"  # read in a rhythm, and no longer
    SILENT = "silent"  # a source from which nothing comes any more
    UNOWNED = "unowned"  # open findings that are nobody's
    UNSCANNED = "unscanned"  # a cluster or image that nobody looked into for vulnerabilities
    NO_CHANNEL = "no_channel"  # a team that a rule would tell has no channel there
    NO_MEMBERS = "no_members"  # a team without people


@dataclass(frozen=True, slots=True)
class Row:
    """One thing. `kind` is what sort of thing; `asset` its row; `team` its key; `where` the destination or source."""

    gap: Gap
    kind: str
    name: str
    where: str = ""
    asset: int | None = None
    findings: int = 0
    last: datetime | None = None
    every: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """All of one gap; `more`: there are more than are shown."""

    gap: Gap
    rows: Sequence[Row]
    more: bool = False


def coverage(now: datetime) -> list[Section]:
    """Every gap there is, also those without a row: that nothing is missing is an answer too."""
    config = configuration.active()
    found: dict[Gap, list[Row]] = {gap: [] for gap in Gap}
    for row in _rows(config, now):
        found[row.gap].append(row)
    return [Section(gap, rows[: queries.MOST], len(rows) >= queries.MOST) for gap, rows in found.items()]


def _rows(config: Config, now: datetime) -> Iterator[Row]:
    yield from _never_seen(config)
    yield from _unlisted(config)
    for late in queries.overdue_scopes(now):
        yield Row(Gap.OVERDUE, late.kind, late.title, late.source, last=late.last, every=late.every)
    for late in queries.silent_sources(now):
        yield Row(Gap.SILENT, "source", late.source, last=late.last, every=late.every)
    for each in queries.unowned_assets():
        yield Row(Gap.UNOWNED, each.kind, each.name, asset=each.id, findings=each.findings)
    for seen in queries.unscanned():
        yield Row(Gap.UNSCANNED, seen.kind, seen.name, asset=seen.id, last=seen.since)
    yield from _unreached(config)
    for team in queries.teams_without_members():
        yield Row(Gap.NO_MEMBERS, "team", team.name or team.key, team.key)


def _never_seen(config: Config) -> Iterator[Row]:
    named = {
        "repository": [text for entry in config.ownership for text in entry.repository],
        "account": [text for entry in config.ownership for text in entry.account],
        "cluster": [text for entry in config.ownership for text in entry.cluster],
        "namespace": [text for entry in config.ownership for text in entry.namespace],
        "image": [text for entry in config.ownership for text in entry.image],
    }
    for kind, texts in named.items():
        for text in queries.never_seen(kind, list(dict.fromkeys(texts))):
            yield Row(Gap.NAMED_NEVER_SEEN, kind, text)


def _unlisted(config: Config) -> Iterator[Row]:
    """Only where the file names repositories at all: else it is about something else."""
    listed = list(dict.fromkeys(text for entry in config.ownership for text in entry.repository))
    for seen in queries.unlisted_repositories(listed) if listed else ():
        yield Row(Gap.UNLISTED, seen.kind, seen.name, asset=seen.id, last=seen.since)


def _unreached(config: Config) -> Iterator[Row]:
    """Destinations that a rule tells teams at, and where a team has no channel. The preview needs none."""
    directory = Directory(config)
    told = dict.fromkeys(tell.to for rule in config.rules or () for tell in rule.tell if tell.audience == "teams")
    for team in config.teams:
        for name in told:
            is_preview = name in directory.destinations and directory.destinations[name].kind == PREVIEW
            if name not in team.channels and not is_preview:
                yield Row(Gap.NO_CHANNEL, "team", team.name or team.key, name)
