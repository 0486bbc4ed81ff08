"""What `kairan rules`, `kairan rules try` and `kairan messages` print."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from kairan.domain.config import Rule, Tell
from kairan.domain.harmless import safe
from kairan.entrypoints.terminal import err, print_json, print_table
from kairan.runtime import clock
from kairan.services import messages as told
from kairan.services import try_rules
from kairan.services.messages import Line, Messages
from kairan.services.rehearsal import by_day
from kairan.services.try_rules import Tried
from kairan.store.queries import rule_list
from kairan.store.queries.rule_list import Use

_DAYS = ("day", "destination", "channel", "messages", "one per finding")


def show(file: Path | None, as_json: bool) -> None:
    """The rules in their order, and what became of those in force."""
    config = try_rules.config_of(file)
    uses = rule_list.uses() if file is None else {}
    listed = [(rule, uses.get(rule.name, Use())) for rule in config.rules or ()]
    if as_json:
        print_json([_rule_object(at, rule, use) for at, (rule, use) in enumerate(listed, 1)])
        return
    rows = (_rule_line(at, rule, use) for at, (rule, use) in enumerate(listed, 1))
    print_table(("", "rule", "when", "groups by", "tells", "cases open", "last opened"), rows)
    click.echo("The first rule that fits an open finding opens a case; later ones add whom to tell.")


def _rule_line(at: int, rule: Rule, use: Use) -> tuple[str, ...]:
    last = f"{use.last_opened:%Y-%m-%d}" if use.last_opened else "-"
    tells = "; ".join(map(_tell_text, rule.tell)) or "nobody"
    return str(at), rule.name, rule.when or "everything", rule.group_by, tells, str(use.open), last


def _tell_text(tell: Tell) -> str:
    whom = "PSIRT" if tell.audience == "psirt" else "each team"
    when = f"digest {tell.digest}" if tell.digest else "at once"
    limits = [f"at most {tell.ceiling} an hour"] if tell.ceiling else []
    if tell.quiet_hours:
        limits.append(f"quiet {tell.quiet_hours.begin}-{tell.quiet_hours.end}")
    return f"{whom} at {tell.to}, " + ", ".join([when, *limits])


def _rule_object(at: int, rule: Rule, use: Use) -> dict[str, Any]:
    return {
        "position": at,
        "name": rule.name,
        "when": rule.when,
        "group_by": rule.group_by,
        "tell": [_tell_object(tell) for tell in rule.tell],
        "cases": {"open": use.open, "all": use.all, "last_opened": use.last_opened},
    }


def _tell_object(tell: Tell) -> dict[str, Any]:
    return {"to": tell.to, "audience": tell.audience, "digest": tell.digest or None, "ceiling": tell.ceiling}


# --- try --------------------------------------------------------------------------------------------------------------


def try_one(name: str, days: int, file: Path | None, as_json: bool) -> None:
    config = try_rules.config_of(file)
    with err.status("") as status:
        tried = try_rules.try_rule(
            config, name, days, clock.now(), progress=lambda steps: status.update(f"{steps:,} events replayed")
        )
    if as_json:
        print_json(_tried_object(tried))
    else:
        _tell_tried(tried)


def _tried_object(tried: Tried) -> dict[str, Any]:
    tally = tried.tally
    return {
        "rule": tried.rule.name,
        "position": tried.position,
        "since": tried.since,
        "until": tried.until,
        "events": tried.steps,
        "complete": not tried.is_cut,
        "findings": tally.findings,
        "cases": {
            "opened": tally.opened,
            "reopened": tally.reopened,
            "closed": tally.closed,
            "of_earlier_rules": tally.added,
            "silent_baseline": tally.baseline,
            "open_at_end": tally.open_at_end,
        },
        "messages": tried.messages,
        "one_per_finding": tried.per_finding,
        "channels": [
            {
                "destination": place.destination,
                "channel": place.channel,
                "name": place.name,
                "messages": lane.messages,
                "rolled_up": lane.rolled_up,
                "one_per_finding": lane.per_finding.total(),
            }
            for place, lane in sorted(tally.lanes.items(), key=lambda each: (each[0].destination, each[0].name))
        ],
        "days": [
            {"day": day, "destination": place.destination, "channel": place.channel, "messages": sent, "findings": each}
            for day, place, sent, each in by_day(tally.lanes)
        ],
        "without_channel": [
            {"destination": to, "team": team or None, "messages": number}
            for (to, team), number in sorted(tally.unreached.items())
        ],
    }


def _tell_tried(tried: Tried) -> None:
    tally = tried.tally
    click.echo(f"{safe(tried.rule.name)}: {safe(tried.rule.when or 'everything')}, the last {tried.days} days")
    click.echo(f"  {tally.findings} times a finding that fits opened or opened again")
    click.echo(f"  {tally.opened} cases opened, {tally.reopened} reopened, {tally.closed} closed")
    if tally.added:
        click.echo(f"  {tally.added} cases of earlier rules, to which it adds whom to tell")
    if tally.baseline:
        click.echo(f"  {tally.baseline} of them from a source's first connection: told in slices, not counted below")
    click.echo(f"  {_ratio(tried.messages, tried.per_finding)}")
    lines = [(f"{day}", place.destination, place.name, sent, each) for day, place, sent, each in by_day(tally.lanes)]
    if lines:
        click.echo("")
        print_table(_DAYS, lines)
        click.echo("")
        print_table(_DAYS[1:], _lanes(tried))
    for (to, team), number in sorted(tally.unreached.items()):
        whose = f"team {team} has no channel there" if team else "nobody's: no team to tell"
        click.echo(safe(f"{number} messages at {to} would reach nobody: {whose}"))
    if tried.is_cut:
        click.echo(f"Only the first {tried.steps:,} events were replayed, until {tried.seen_to:%Y-%m-%d}")


def _lanes(tried: Tried) -> Sequence[tuple[object, ...]]:
    lanes = sorted(tried.tally.lanes.items(), key=lambda each: (each[0].destination, each[0].name))
    return [(place.destination, place.name, lane.messages, lane.per_finding.total()) for place, lane in lanes]


def _ratio(messages: int, per_finding: int) -> str:
    said = f"{messages} messages; one for each finding would be {per_finding}"
    return f"{said} ({messages / per_finding:.0%})" if per_finding else said


# --- messages ---------------------------------------------------------------------------------------------------------


def show_messages(days: int, now: datetime, as_json: bool) -> None:
    found = told.messages(days, now)
    if as_json:
        print_json(_messages_object(found))
        return
    columns = ("destination", "channel", "told", "edited", "waiting", "failed", "one per finding", "share")
    print_table(("day", *columns), ((str(line.day), *_line(line)) for line in found.days))
    click.echo("")
    print_table(columns, map(_line, found.channels))
    total = found.total
    click.echo(f"{_ratio(total.told + total.waiting, total.per_finding)}; days are those of {found.zone}")


def _line(line: Line) -> tuple[object, ...]:
    share = "-" if line.share is None else f"{line.share:.0%}"
    counts = (line.told, line.edited, line.waiting, line.failed, line.per_finding)
    return (line.destination, line.name, *counts, share)


def _messages_object(found: Messages) -> dict[str, Any]:
    return {
        "since": found.since,
        "until": found.until,
        "time_zone": found.zone,
        "days": [{"day": line.day, **_line_object(line)} for line in found.days],
        "channels": [_line_object(line) for line in found.channels],
        "total": _counts(found.total),
    }


def _line_object(line: Line) -> dict[str, Any]:
    return {"destination": line.destination, "channel": line.channel, "name": line.name, **_counts(line)}


def _counts(line: Line) -> dict[str, Any]:
    return {
        "told": line.told,
        "edited": line.edited,
        "waiting": line.waiting,
        "failed": line.failed,
        "one_per_finding": line.per_finding,
        "share": line.share,
    }
