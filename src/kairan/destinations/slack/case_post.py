"""The posts of a case: to PSIRT, to a team, to one that has it newly, and the ticket, which has no buttons."""

from kairan.destinations.slack import actions, blocks, texts
from kairan.destinations.slack.blocks import Block
from kairan.destinations.slack.lines import Pen
from kairan.destinations.slack.news import happened
from kairan.domain.message import ActionOffer, Message, Purpose
from kairan.domain.notice import Line, Notice, Run, notice

_PARAGRAPH = 2_900  # a section of the case's own words
_FEW = 4


def post(message: Message) -> tuple[str, list[Block]]:
    """The fallback text and the blocks."""
    said = notice(message)
    assert message.case is not None
    title = said.bare if message.purpose is Purpose.TICKET else said.title
    pen = Pen(message.language, message.case.url)
    drawn = [blocks.header(title), *_whole_title(title, pen)]
    if message.purpose is Purpose.HANDOVER:
        drawn.insert(0, blocks.section(happened(message, pen, _PARAGRAPH)))
    drawn += [blocks.section(pen.paragraph(paragraph, _PARAGRAPH)) for paragraph in _sections(said)]
    drawn.append(blocks.context(pen.line(said.foot, _PARAGRAPH)))
    if message.purpose is not Purpose.TICKET and message.offers:
        drawn.append(buttons(message.offers, message.language))
    return title, drawn


def buttons(offers: tuple[ActionOffer, ...], language: str) -> Block:
    elements = [
        blocks.button(
            texts.of(texts.BUTTON, each.code, language),
            actions.button(each.code),
            actions.subject(each.case, each.part),
            "primary" if each.code in {"create_ticket", "fix", "send_triage"} else "",
        )
        for each in offers[:25]
    ]
    return blocks.actions("kairan.buttons", elements)


def _whole_title(title: str, pen: Pen) -> list[Block]:
    """A title that is too long for a header stands below it as well, whole."""
    if blocks.fits(title, blocks.HEADER):
        return []
    return [blocks.section(pen.paragraph((Line((Run(title),)),), _PARAGRAPH))]


def _sections(said: Notice) -> list[tuple[Line, ...]]:
    """Each paragraph a section; a few long links (a SIEM's) each one of its own."""
    found: list[tuple[Line, ...]] = []
    for paragraph in said.paragraphs:
        long = len(paragraph) <= _FEW and any(len(run.url) > 300 for line in paragraph for run in line.runs)
        found += [(line,) for line in paragraph] if long else [paragraph]
    return found
