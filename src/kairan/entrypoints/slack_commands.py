"""Slack on the command line: the app's manifest, and what keeps the app from working."""

from typing import Any

import click

from kairan.domain.errors import ConfigError
from kairan.entrypoints.running import FAILED, as_json, command, store
from kairan.runtime import clock

_KIND = "slack"


@click.group("slack")
def slack() -> None:
    """Set Slack up."""


@slack.command("manifest")
@click.option("--url", default="", help="Where Slack reaches Kairan over HTTPS. Default: nowhere, it uses Socket Mode.")
@click.option("--start-by-post", is_flag=True, help="Rounds start by a post: ask for the events of posts.")
@command
def manifest(url: str, start_by_post: bool) -> None:
    """Print the app's manifest, with the least scopes.

    Paste it at https://api.slack.com/apps → Create New App → From a manifest.
    """
    from kairan.entrypoints.terminal import print_json
    from kairan.interfaces import registry
    from kairan.interfaces.conversation import Installable

    if url and not url.startswith("https://"):
        raise ConfigError(f"Slack calls HTTPS addresses only, not {url!r}; without --url it uses Socket Mode")
    kind = registry.destinations()[_KIND]
    assert isinstance(kind, Installable)
    print_json(kind.manifest(url, posts=start_by_post))


@slack.command("check")
@as_json
@command
def check(as_json: bool) -> int:
    """Say what keeps Kairan from telling each Slack channel. Tells nobody.

    Looks at the scopes, and per channel at membership, archived, shared with outsiders.

    Exit codes: 0 nothing · 1 something is missing.
    """
    from kairan.entrypoints.terminal import print_json

    with store():
        found = _problems()
    if as_json:
        print_json({name: [{"what": each.what, "todo": each.todo} for each in some] for name, some in found.items()})
    else:
        _tell(found)
    return FAILED if any(found.values()) else 0


def _problems() -> dict[str, list[Any]]:
    from kairan.interfaces.conversation import Conversation
    from kairan.interfaces.destination import Problem
    from kairan.services import configuration
    from kairan.services.carriers import carriers

    config = configuration.active()
    found: dict[str, list[Any]] = {}
    with carriers(config, clock.now) as known:
        for each in config.destinations:
            if each.kind != _KIND:
                continue
            try:
                carrier = known.carrier(each.name)
                assert isinstance(carrier, Conversation)
                found[each.name] = carrier.check() or carrier.check_channels(_channels(config, each))
            except ConfigError as error:
                found[each.name] = [Problem("its settings cannot be used", str(error))]
            if not config.address:
                todo = "set address in kairan.yaml, like https://kairan.example.com"
                found[each.name].append(Problem("messages cannot link to Kairan's pages", todo))
    if not found:
        raise ConfigError("kairan.yaml has no destination of kind slack")
    return found


def _channels(config: Any, destination: Any) -> list[str]:
    """Every channel of the destination that somebody may be told in, each once."""
    own = [destination.channel] if destination.channel else []
    teams = [team.channels[destination.name] for team in config.teams if destination.name in team.channels]
    told = [tell.channel for rule in config.rules or () for tell in rule.tell if tell.to == destination.name]
    escalated = [rule.escalate.channel for rule in config.rules or () if _goes_to(rule.escalate, destination.name)]
    return list(dict.fromkeys(each.id for each in (*own, *teams, *told, *escalated) if each))


def _goes_to(escalate: Any, name: str) -> bool:
    return escalate is not None and escalate.to == name


def _tell(found: dict[str, list[Any]]) -> None:
    for name, problems in found.items():
        click.echo(f"{name}: {'nothing is missing' if not problems else f'{len(problems)} to mend'}")
        for each in problems:
            click.echo(f"  {each.what}\n    -> {each.todo}")


COMMANDS = (slack,)
