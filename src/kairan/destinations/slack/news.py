"""What is said below a post: news, reminders, what PSIRT wrote; and the messages that are of no single case."""

from datetime import datetime
from typing import Any

from kairan.destinations.slack import blocks, escape, texts
from kairan.destinations.slack.blocks import Block
from kairan.destinations.slack.lines import Parts, Pen, plain
from kairan.domain.message import Item, Message, Purpose
from kairan.domain.news import Code, ending
from kairan.domain.notice import Line, Run, notice
from kairan.domain.wording import severity, status, word

_WORDS = 2_900
_PIECE = 2_700  # of a person's text, in a section
_SECTIONS = 4  # at most, of a person's text


def news(message: Message) -> tuple[str, list[Block]]:
    """One sentence of what happened, the words people gave, and the case it is of."""
    pen = Pen(message.language, _link(message))
    drawn = [blocks.section(happened(message, pen, _WORDS)), *_said_by_people(message, pen)]
    return sentence_of(message), [*drawn, blocks.context(_of_which(message, pen))]


def triage_message(message: Message) -> tuple[str, list[Block]]:
    """PSIRT's own words. Their addresses can be followed; nothing else in them is Slack's."""
    pen = Pen(message.language, _link(message))
    by = [blocks.context(escape.cut(message.by, 200, escape.mrkdwn))] if message.by.strip() else []
    return message.text, [*_pieces(message.text, pen), *by] or [blocks.context(_of_which(message, pen))]


def digest(message: Message) -> tuple[str, list[Block]]:
    """A list of cases, the worst first, with how many are left out."""
    count = len(message.items) + message.more
    code = "roll_up" if message.purpose is Purpose.ROLL_UP else "digest"
    title = texts.word(code, message.language, count=f"{count:,}")
    pen = Pen(message.language, message.link)
    if not count:
        nothing = texts.word("nothing", message.language)
        return title, [blocks.header(title), blocks.section(escape.mrkdwn(nothing))]
    return title, [blocks.header(title), blocks.section(_items(message, pen)), *_to_all(message)]


def test(message: Message) -> tuple[str, list[Block]]:
    said = texts.word("test", message.language)
    by = texts.word("test_by", message.language, by=escape.one_line(message.by)) if message.by.strip() else ""
    pen = Pen(message.language, message.link)
    return said, [blocks.section(pen.text(f"{said} {by}".strip(), _WORDS))]


def sentence_of(message: Message) -> str:
    """What happened, as plain text."""
    return escape.one_line(plain(*_sentence(message)))


def happened(message: Message, pen: Pen, most: int) -> str:
    """The same for a section: addresses can be followed, lists that are too long are counted."""
    return pen.filled(*_sentence(message), most)


def _sentence(message: Message) -> tuple[str, Parts]:
    """By the event's code and parameters; a code nobody wrote a text for is said by its own name."""
    parts = {name: _runs(name, value, message) for name, value in message.params.items()}
    parts["by"] = (Run(escape.one_line(message.by) or "Kairan"),)
    if not message.params.get("team"):
        parts["team"] = (Run(escape.one_line(message.team) or word("nobody", message.language)),)
    code = message.code or message.purpose.value
    if code == "handed_over" and not (message.params.get("old") and message.params.get("new")):
        code = "yours_now"
    if code == Code.PART_RESOLVED and (why := ending(message.params)):
        return texts.of(texts.ENDINGS, why, message.language), parts
    return texts.of(texts.NEWS, code, message.language), parts


def _runs(name: str, value: object, message: Message) -> tuple[Run, ...]:
    if isinstance(value, list | tuple):
        return tuple(Run(escape.one_line(str(each))) for each in value)
    text = escape.one_line(_shown(name, value, message))
    return (Run(text, escape.web(text) if name == "url" else ""),)


def _shown(name: str, value: object, message: Message) -> str:
    language = message.language
    if name == "status" or (name in {"old", "new"} and message.code == Code.MOVED):
        return status(str(value), language)
    if name in {"old", "new"} and message.code == Code.WORSE:
        return severity(str(value), language)
    if name == "why":
        return texts.of(texts.WHY, str(value), language)
    instant = _instant(value)
    return texts.date(instant, message.time_zone) if instant else str(value)


def _instant(value: object) -> datetime | None:
    if not isinstance(value, str) or len(value) < 20 or value[4:5] != "-":
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _said_by_people(message: Message, pen: Pen) -> list[Block]:
    """A comment, a question, a reason: their own words, in sections of their own."""
    found: list[Block] = []
    text = str(message.params.get("text") or "") or message.text
    if text.strip():
        found += _pieces(text, pen)
    reason = str(message.params.get("reason") or "")
    if reason.strip():
        found += _pieces(texts.word("reason_was", message.language, reason=reason), pen)
    return found


def _pieces(text: str, pen: Pen) -> list[Block]:
    """A long text over several sections; what is more than a message should hold is said and linked."""
    pieces: list[Block] = []
    left = text.strip()
    while left and len(pieces) < _SECTIONS - 1 and escape.width(_followable(left)) > _PIECE:
        length = _longest(left)
        pieces.append(blocks.section(_followable(left[:length])))
        left = left[length:].strip()
    if left:
        fits = escape.width(_followable(left)) <= _WORDS
        pieces.append(blocks.section(_followable(left) if fits else pen.text(left, _WORDS)))
    return pieces


def _longest(text: str) -> int:
    """How much of it goes into a section, to the end of a word where there is one."""
    low, high = 1, min(len(text), _PIECE)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if escape.width(_followable(text[:middle])) <= _PIECE else (low, middle - 1)
    space = max(text.rfind(" ", 0, low), text.rfind("\n", 0, low))
    return space if space > low // 2 else low


def _followable(text: str) -> str:
    """A person's text, escaped, its http addresses as links."""
    return "".join(
        escape.link(piece, piece) if number % 2 else escape.mrkdwn(piece)
        for number, piece in enumerate(escape.ADDRESS.split(text))
        if piece
    )


def _of_which(message: Message, pen: Pen) -> str:
    if message.case is None:
        return escape.link(message.link, word("kairan", message.language)) or "Kairan"
    said = notice(message)
    runs = (Run(f"C-{message.case.number}"), Run(said.bare), Run(word("kairan", message.language), message.case.url))
    return pen.line(Line((), runs, " · "), _WORDS)


def _link(message: Message) -> str:
    return message.case.url if message.case else message.link


def _items(message: Message, pen: Pen) -> str:
    """A line for each case, as many as fit; the rest is counted with those the message left out already."""
    return "\n".join(pen.rows([_item(each, message) for each in message.items], _WORDS, message.more))


def _item(item: Item, message: Message) -> str:
    title = escape.one_line(item.title)
    shown = title if len(title) <= 150 else title[:149] + "…"
    facts: list[Any] = [item.severity.upper(), status(item.status, message.language)]
    facts.append(texts.word("places", message.language, count=f"{item.places:,}"))
    if item.due_at:
        facts.append(texts.word("due", message.language, date=texts.date(item.due_at, message.time_zone)))
    said = " · ".join(escape.mrkdwn(str(each)) for each in facts)
    return f"• {escape.link(item.url, f'C-{item.number} {shown}')} · {said}"


def _to_all(message: Message) -> list[Block]:
    return [blocks.context(escape.link(message.link, word("kairan", message.language)))] if message.link else []
