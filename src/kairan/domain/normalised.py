"""What a configuration leaves unsaid, filled in: nothing else has to know of the article's list, or of defaults.

The Dependabot article's `repositories:` become teams (one for each channel), ownership and a rule. Where no
destination is named there is the preview, where no rule, one that tells what is high or critical.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from kairan.domain.config import (
    DEFAULT_RULE,
    PREVIEW,
    Channel,
    Config,
    Destination,
    Ownership,
    Remind,
    Rule,
    Team,
    Tell,
)

_KEY = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
CHATS = ("slack", "preview")  # kinds that the default rules may tell: a post is harmless where a ticket is work
DEPENDABOT = "dependabot"
BY_HAND = "by-hand"  # the rule behind all others: what a person asked for a case of
_ASKED_FOR = "is:raised"


def normalised(config: Config) -> Config:
    """The configuration as all others read it: `rules` is never None, `destinations` never empty, `repositories` is.

    Of what is normalised already it is the same.
    """
    chat = next((each for each in config.destinations if each.kind in CHATS), PREVIEW)
    needed = config.rules is None or bool(config.repositories)
    destinations = config.destinations
    if not destinations or (needed and chat not in destinations):
        destinations = (*destinations, chat)
    named = {each.notify_channel_id: each.notify_channel for each in config.repositories}
    keys = _keys(config, named, chat.name)
    return replace(
        config,
        destinations=destinations,
        teams=(*_reached(config, named, keys, chat.name), *_teams(config, named, keys, chat.name)),
        ownership=(*config.ownership, *_ownership(config, keys)),
        repositories=(),
        rules=_with_by_hand(_rules(config, chat), chat),
    )


def _with_by_hand(rules: tuple[Rule, ...], chat: Destination) -> tuple[Rule, ...]:
    """What a person opened a case of is told as the first rule's cases are; a rule of the file may say otherwise."""
    if any(_ASKED_FOR in rule.when or rule.name == BY_HAND for rule in rules):
        return rules
    told = next((rule for rule in rules if rule.tell), replace(DEFAULT_RULE, tell=_told(chat)))
    return (*rules, replace(told, name=BY_HAND, when=_ASKED_FOR, group_by="vulnerability"))


def _told(chat: Destination) -> tuple[Tell, ...]:
    return (Tell(to=chat.name, audience="psirt", form=True), Tell(to=chat.name))


def _rules(config: Config, chat: Destination) -> tuple[Rule, ...]:
    if config.rules is not None:
        return config.rules
    told = _told(chat)
    if config.repositories:
        when = "source:github_dependabot severity:>=high"
        return (Rule(name=DEPENDABOT, when=when, tell=told, remind=Remind()),)
    return (replace(DEFAULT_RULE, tell=told),)


def _keys(config: Config, named: Mapping[str, str], chat: str) -> dict[str, str]:
    """The team's key for each channel of the list: a team that has this channel already, else one made of its id.

    Not of its name or its place in the list: those change, and the team ought to stay the same.
    """
    there = {channel.id: team.key for team in config.teams if (channel := team.channels.get(chat))}
    taken = {team.key for team in config.teams}
    keys: dict[str, str] = {}
    for number in named:
        keys[number] = there.get(number) or _key(number, taken)
        taken.add(keys[number])
    return keys


def _key(channel: str, taken: set[str]) -> str:
    key = channel.lower()
    if _KEY.fullmatch(key) and key not in taken:
        return key
    return f"channel-{hashlib.sha256(channel.encode()).hexdigest()[:10]}"


def _reached(config: Config, named: Mapping[str, str], keys: Mapping[str, str], chat: str) -> Iterator[Team]:
    """The file's own teams. Where the list names their channel and they do not, by the list's name."""
    for team in config.teams:
        channel = team.channels.get(chat)
        if channel and not channel.name and channel.id in named:
            yield replace(team, channels={**team.channels, chat: replace(channel, name=named[channel.id])})
        else:
            yield team


def _teams(config: Config, named: Mapping[str, str], keys: Mapping[str, str], chat: str) -> Iterator[Team]:
    there = {team.key for team in config.teams}
    for channel, name in named.items():
        if keys[channel] not in there:
            yield Team(keys[channel], name, channels={chat: Channel(channel, name)})


def _ownership(config: Config, keys: Mapping[str, str]) -> Iterator[Ownership]:
    for channel, team in keys.items():
        of_it = (each.name for each in config.repositories if each.notify_channel_id == channel)
        yield Ownership(team, repository=tuple(dict.fromkeys(_full(name, config.owner) for name in of_it)))


def _full(name: str, owner: str) -> str:
    """`owner/name`. A name alone belongs to the file's `owner`; without one, to any."""
    return name if "/" in name else f"{owner or '*'}/{name}"
