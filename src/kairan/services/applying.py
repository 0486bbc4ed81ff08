"""Use case: put a configuration in force, or say what that would touch.

All in one transaction: the version, teams and members, whose findings are, and what the rules have to look at anew.
What comes of it for cases is the router's (services.route), which is woken; `diff` lets it run and takes all back.
"""

import hashlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import OperationalError, transaction

from kairan.domain.config import Config, Rule, Team
from kairan.domain.errors import ConfigError, KairanError
from kairan.domain.news import Code, News
from kairan.domain.query import parse
from kairan.domain.rights import Right
from kairan.services import case_events, configuration, may, owners, route, to_route, waking
from kairan.services.actor import Actor
from kairan.services.attempts import attempt, audit
from kairan.services.config_file.checking import Checked
from kairan.services.config_reports import Applied, Cases, Count, Diff, Names, Report, Told
from kairan.store.connection import raw_cursor
from kairan.store.queries import case_totals, config_effects, config_versions, search, team_rows, unrouted

MOST_ROUTED = 20_000  # findings that a diff has the rules look at; beyond that it says so
PATIENCE_SECONDS = 60  # for each statement of a diff
ROUTING_SECONDS = 20


class _TakenBackError(Exception):
    """Ends the transaction of a diff."""


def apply(checked: Checked, actor: Actor, now: datetime) -> Applied:
    """Put a checked file in force, by somebody who may. One that is in force already only looks for its people again.

    ConfigError for a file with complaints, ForbiddenError for who may not.
    """
    with route.alone(), attempt(actor, "config.apply", "config", now) as cursor:
        may.check(actor, Right.CONFIGURE)
        config = _sound(checked)
        config_versions.lock(cursor)
        number, digest = config_versions.newest(cursor)
        if digest == _digest(checked):
            unknown = team_rows.put_members(cursor, configuration.active().teams)
            return Applied(number, False, Report(unknown_people=tuple(unknown)))
        before = configuration.stored(number)
        made, report = _put(checked, config, actor, now)
        was = {"version": number, "digest": digest.hex()} if number else None
        is_now = {"version": made, "digest": _digest(checked).hex(), "rules": len(config.rules or ())}
        audit(cursor, actor, "config.apply", f"config {made}", was, is_now, now)
        _tell_of_channels(before, config, actor, now)
        to_route.wake()
    return Applied(made, True, report)


def diff(checked: Checked, now: datetime) -> Diff:
    """What putting it in force would touch. Nothing is written: all is done in a transaction that is taken back."""
    config = _sound(checked)
    found: list[Diff] = []
    try:
        with route.alone(), waking.trial(), transaction.atomic():
            cursor = raw_cursor()
            config_effects.begin_trial(cursor, PATIENCE_SECONDS)
            config_versions.lock(cursor)
            number, digest = config_versions.newest(cursor)
            if digest == _digest(checked):
                return Diff(False, number, Report())
            before = configuration.stored(number)
            mark = config_effects.mark(cursor)
            _, report = _put(checked, config, Actor("diff"), now)
            _tell_of_channels(before, config, Actor("diff"), now)
            cases = _rehearsed(report, mark, now)
            found.append(Diff(True, number, msgspec.structs.replace(report, cases=cases)))
            raise _TakenBackError
    except _TakenBackError:
        return found[0]
    except OperationalError as error:
        raise KairanError(
            f"this is more than can be tried out in {PATIENCE_SECONDS} s ({str(error).strip()}); nothing was written"
        ) from None


def _sound(checked: Checked) -> Config:
    if checked.config is None:
        first = str(checked.complaints[0]) if checked.complaints else checked.path
        more = len(checked.complaints) - 1
        raise ConfigError(f"{first}{f' (and {more} more: `kairan check`)' if more > 0 else ''}")
    return checked.config


def _digest(checked: Checked) -> bytes:
    """Of what it says, not of where the file lies."""
    texts = sorted((name, text) for name, text in checked.files.items() if name != checked.path)
    return hashlib.sha256(msgspec.json.encode([checked.config, texts])).digest()


def _put(checked: Checked, written: Config, actor: Actor, now: datetime) -> tuple[int, Report]:
    """Write the version and all that follows from it at once."""
    cursor = raw_cursor()
    number, _ = config_versions.newest(cursor)
    old, new = configuration.normalised(configuration.stored(number)), configuration.normalised(written)
    counted = config_effects.open_findings(cursor)
    version = config_versions.add(
        cursor,
        checked.files,
        msgspec.to_builtins(written),
        _digest(checked),
        now,
        person=actor.person,
        actor=actor.name,
    )
    team_rows.put(cursor, new.teams, new.language, new.time_zone)
    unknown = team_rows.put_members(cursor, new.teams)
    team_rows.put_ownership(cursor, list(_ownership(new)))
    changed = owners.assign(cursor, None, new, now)
    team_rows.retire(cursor, [each.key for each in new.teams])
    unrouted.add(cursor, changed, None, now)
    looked = len(changed) + _rules_look_again(cursor, old, new, now)
    report = Report(
        teams=_names({each.key: each for each in old.teams}, {each.key: each for each in new.teams}),
        rules=_names({each.name: each for each in old.rules or ()}, {each.name: each for each in new.rules or ()}),
        destinations=_names(
            {each.name: each for each in old.destinations}, {each.name: each for each in new.destinations}
        ),
        ownership_changed=old.ownership != new.ownership,
        owners_changed=len(changed),
        owners=tuple(_moved(counted, config_effects.open_findings(cursor))),
        channels_moved=tuple(sorted(key for key, _ in _other_channels(old, new))),
        to_route=looked,
        unknown_people=tuple(unknown),
    )
    config_versions.report(cursor, version, msgspec.to_builtins(report))
    return version, report


def _ownership(config: Config) -> Iterator[team_rows.OwnershipRow]:
    """A CODEOWNERS file is a rule of each team that its names stand for."""
    for position, entry in enumerate(config.ownership, 1):
        teams = dict.fromkeys(entry.owners.values()) if entry.codeowners else [entry.team]
        for team in teams:
            yield position, team, owners.facts(entry)


def _rules_look_again(cursor: config_versions.Cursor, old: Config, new: Config, now: datetime) -> int:
    """Findings that some rule may see differently now: from the first rule on that opens others, old or new.

    Whom a rule tells, and how it reminds, is asked when that comes up, and moves no case.
    """
    before, after = list(old.rules or ()), list(new.rules or ())
    same = 0
    while same < min(len(before), len(after)) and _opens(before[same]) == _opens(after[same]):
        same += 1
    changed = {each.when: each for each in (*before[same:], *after[same:])}
    zone = ZoneInfo(new.time_zone) if new.time_zone else UTC
    number = 0
    for when in changed:
        number += config_effects.look_again(cursor, search.select(parse(when, now, zone)).where, now)
    gone = sorted({each.name for each in before} - {each.name for each in after})
    return number + config_effects.look_again_at_cases(cursor, gone, now)


def _opens(rule: Rule) -> tuple[str, str, str]:
    return rule.name, rule.when, rule.group_by


def _names(old: dict[str, Any], new: dict[str, Any]) -> Names:
    both = old.keys() & new.keys()
    return Names(
        tuple(sorted(new.keys() - old.keys())),
        tuple(sorted(old.keys() - new.keys())),
        tuple(sorted(name for name in both if old[name] != new[name])),
    )


def _moved(before: dict[str, int], after: dict[str, int]) -> Iterator[Count]:
    for team in sorted(before.keys() | after.keys()):
        if before.get(team, 0) != after.get(team, 0):
            yield Count(team, before.get(team, 0), after.get(team, 0))


def _other_channels(old: Config, new: Config) -> Iterator[tuple[str, str]]:
    """Teams that are told elsewhere from now on, and what that place is called."""
    before = {each.key: each for each in old.teams}
    for team in new.teams:
        was = before.get(team.key)
        if was and _ids(was) and _ids(was) != _ids(team):
            moved = next((each for name, each in team.channels.items() if was.channels.get(name) != each), None)
            yield team.key, (moved.name or moved.id) if moved else ""


def _ids(team: Team) -> dict[str, str]:
    return {name: each.id for name, each in team.channels.items()}


def _tell_of_channels(before: Config, after: Config, actor: Actor, now: datetime) -> None:
    """Open cases follow their team into its new channel, with a post that says so."""
    cursor = raw_cursor()
    moved = dict(_other_channels(configuration.normalised(before), configuration.normalised(after)))
    case_totals.lock(cursor, [case for case, _, _ in config_effects.open_parts(cursor, list(moved))])
    news = [
        News(
            case,
            Code.HANDED_OVER,
            now,
            part,
            {"old": key, "new": key, "channel": moved[key]},
            by=actor.name,
            person=actor.person,
        )
        for case, part, key in config_effects.open_parts(cursor, list(moved))
    ]
    case_events.record(cursor, news, now)


def _rehearsed(report: Report, mark: config_effects.Mark, now: datetime) -> Cases:
    """Let the rules look at it, and say what came of it since the mark."""
    cursor = raw_cursor()
    why_not = ""
    waiting = unrouted.how_many(cursor)
    if waiting > MOST_ROUTED:
        why_not = f"the rules would look at {waiting:,} findings; {MOST_ROUTED:,} are tried out at most"
    elif not _route(cursor, now):
        why_not = f"there is more to look at than can be tried out in {ROUTING_SECONDS} s"
    events, messages = config_effects.since(cursor, mark)
    return Cases(events, tuple(Told(*each) for each in messages), not why_not, why_not)


def _route(cursor: config_versions.Cursor, now: datetime) -> bool:
    """All that waits, batch by batch, as the router does; its tables last as long as a transaction, and this is one.

    Routers and people who decide wait meanwhile, hence not for long. Was it all?
    """
    end = time.monotonic() + ROUTING_SECONDS
    while time.monotonic() < end:
        done = route.rehearse(now)
        config_effects.drop_temporary(cursor)
        if not done.rows:
            return True
    return False
