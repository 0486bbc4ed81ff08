"""The form of "open a case from this": which of the ids that a message names, and who is affected by each."""

from kairan.destinations.slack import actions, asked, blocks, texts
from kairan.destinations.slack.blocks import Block
from kairan.domain.answer import Form

_LONGEST_ID = 100  # of what is typed in


def fields(form: Form, language: str) -> list[Block]:
    """What is ticked at first are the ids that somebody has open findings of, or all where nobody has."""
    drawn: list[Block] = []
    if form.named:
        options = [blocks.option(each.id, each.id) for each in form.named]
        hit = [option for option, each in zip(options, form.named, strict=True) if each.affected.shares]
        boxes = blocks.checkboxes(actions.ELEMENT, options) | {"initial_options": hit or options}
        drawn.append(_field("ids", boxes, language))
        drawn += [blocks.section(asked.text(each.affected, language)) for each in form.named]
    area = {"type": "plain_text_input", "action_id": actions.ELEMENT, "max_length": 10 * _LONGEST_ID}
    return [*drawn, _field("other", area, language, optional=bool(form.named))]


def _field(name: str, element: Block, language: str, *, optional: bool = True) -> Block:
    return blocks.field(actions.field(name), texts.of(texts.FIELD, name, language), element, optional=optional)
