"""The triage form below the PSIRT's post: which teams' channels to write to, and what (mission D7)."""

from collections.abc import Iterable

from kairan.destinations.slack import actions, blocks, escape, texts
from kairan.destinations.slack.blocks import Block
from kairan.destinations.slack.case_post import buttons
from kairan.domain.advice import advice
from kairan.domain.message import ActionOffer, CaseFacts, Message, Part
from kairan.domain.wording import word

_MOST_TICKED = 300  # channels with a checkbox each, in groups of ten; more are chosen from a list
_MOST_CHOSEN = blocks.OPTIONS * blocks.OPTIONS
_LONGEST_LINK = 180


def form(message: Message) -> tuple[str, list[Block]]:
    """The fallback text and the blocks."""
    facts, language = message.case, message.language
    assert facts is not None
    heading = texts.word("triage", language)
    channels = by_channel(facts.parts)
    if not channels:
        return heading, [blocks.header(heading), blocks.section(escape.mrkdwn(texts.word("no_teams", language)))]
    drawn = [blocks.header(heading), *_choices(channels, facts, language), blocks.divider()]
    area = blocks.area(actions.ELEMENT, _prefilled(facts, language))
    drawn.append(blocks.field(actions.field("message"), texts.of(texts.FIELD, "message", language), area))
    drawn.append(buttons(message.offers or (ActionOffer("send_triage", facts.number),), language))
    return heading, drawn


def _prefilled(facts: CaseFacts, language: str) -> str:
    text = advice(facts.fixes, facts.summary or facts.title, facts.url, language)
    return escape.cut(text, blocks.INPUT, escape.clean)


def by_channel(parts: Iterable[Part]) -> list[Part]:
    """One part for each channel: teams that share one are written to once."""
    found: dict[str, Part] = {}
    for part in parts:
        if part.channel_id:
            found.setdefault(part.channel_id, part)
    return list(found.values())


def _choices(channels: list[Part], facts: CaseFacts, language: str) -> list[Block]:
    if len(channels) > _MOST_TICKED:
        return _list(channels, facts, language)
    size = blocks.OPTIONS_OF_CHECKBOXES
    groups = [channels[at : at + size] for at in range(0, len(channels), size)]
    return [_group(number, group, language) for number, group in enumerate(groups, 1)]


def _group(number: int, parts: list[Part], language: str) -> Block:
    """Up to ten channels with their posts' links, each with its checkbox beside."""
    boxes = blocks.checkboxes(actions.ELEMENT, [blocks.option(label(part), part.channel_id) for part in parts])
    lines = "\n".join(_beside(part, language) for part in parts)
    return blocks.section(lines, boxes, actions.field("channels", number))


def _beside(part: Part, language: str) -> str:
    address = escape.address(part.post)
    if address and len(address) <= _LONGEST_LINK:
        shown = escape.link(part.post, texts.word("post", language))
    else:
        shown = word("too_long", language) if part.post else texts.word("not_told", language)
    return f"{escape.cut(label(part), 100, escape.mrkdwn)}  {shown}"


def label(part: Part) -> str:
    return "#" + escape.one_line((part.channel_name or part.channel_id).removeprefix("#"))


def _list(channels: list[Part], facts: CaseFacts, language: str) -> list[Block]:
    """More channels than checkboxes have room: a list to choose from, and where the posts' links are."""
    options = [blocks.option(label(part), part.channel_id) for part in channels[:_MOST_CHOSEN]]
    chooser = blocks.many(actions.ELEMENT, options)
    drawn = [blocks.field(actions.field("channels"), texts.of(texts.FIELD, "channels", language), chooser)]
    left = len(channels) - len(options)
    if left:
        drawn.append(blocks.context(escape.link(facts.url, word("and_more", language, count=f"{left:,}"))))
    return [*drawn, blocks.context(escape.link(facts.url, word("kairan", language)))]
