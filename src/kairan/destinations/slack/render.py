"""Draw a message as Slack takes it: the body of chat.postMessage, but for where it goes (request.py adds that)."""

from collections.abc import Callable, Mapping

from kairan.destinations.slack import blocks, escape, news
from kairan.destinations.slack.blocks import Block
from kairan.destinations.slack.case_post import post
from kairan.destinations.slack.form import form
from kairan.domain.message import Message, Purpose
from kairan.interfaces.destination import Payload

EVENT = "kairan_delivery"  # the metadata's event type, by which our own messages are found again

_DRAW: Mapping[Purpose, Callable[[Message], tuple[str, list[Block]]]] = {
    Purpose.PSIRT_POST: post,
    Purpose.TEAM_POST: post,
    Purpose.TICKET: post,
    Purpose.HANDOVER: post,
    Purpose.TRIAGE_FORM: form,
    Purpose.TRIAGE_MESSAGE: news.triage_message,
    Purpose.UPDATE: news.news,
    Purpose.CLOSING: news.news,
    Purpose.REMINDER: news.news,
    Purpose.ESCALATION: news.news,
    Purpose.DIGEST: news.digest,
    Purpose.ROLL_UP: news.digest,
    Purpose.TEST: news.test,
}


def render(message: Message) -> Payload:
    """`text` (for notifications and screen readers), `blocks` and `metadata`, within all limits."""
    text, drawn = _DRAW[message.purpose](message)
    about = {"purpose": message.purpose.value} | ({"case": message.case.number} if message.case else {})
    return {
        "text": _fallback(text),
        "blocks": drawn,
        "metadata": {"event_type": EVENT, "event_payload": about},
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _fallback(text: str) -> str:
    return escape.cut(text, blocks.FALLBACK, escape.mrkdwn) or "Kairan"
