"""Events: what happens in Slack without anybody pressing something of ours.

https://docs.slack.dev/apis/events-api
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from kairan.domain.message import Action

HOME = "home"
POST = "post"
_LONGEST = 10_000


class _Seen(msgspec.Struct):
    hash: str = ""


class _Event(msgspec.Struct):
    """The fields that we read of app_home_opened and message. Posts of workflows and apps have the subtype
    bot_message, or none; edits, deletions, joins have others.

    https://docs.slack.dev/reference/events/message
    """

    type: str = ""
    subtype: str = ""
    channel: str = ""
    text: str = ""
    ts: str = ""
    thread_ts: str = ""
    bot_id: str = ""
    app_id: str = ""
    workflow_id: str = ""
    tab: str = ""
    user: str = ""
    view: _Seen | None = None


class _Payload(msgspec.Struct):
    type: str
    event_id: str = ""
    event: _Event = msgspec.field(default_factory=_Event)


def read(payload: Mapping[str, Any]) -> list[Action]:
    """The action of an event; [] for any other payload, and for events that are none of ours."""
    if payload.get("type") != "event_callback":
        return []
    try:
        known = msgspec.convert(payload, _Payload)
    except (msgspec.ValidationError, RecursionError):
        return []
    event = known.event
    if event.type == "app_home_opened" and event.tab == "home":
        values: dict[str, object] = {"seen": event.view.hash} if event.view and event.view.hash else {}
        return [Action(HOME, 0, values=values, who=event.user, key=known.event_id)]
    return _posted(event, known.event_id) if event.type == "message" else []


def _posted(event: _Event, key: str) -> list[Action]:
    """Somebody posted in a channel, below nothing."""
    if event.subtype not in {"", "bot_message"} or event.thread_ts not in {"", event.ts}:
        return []
    by = [each for each in (event.bot_id, event.app_id, event.workflow_id, event.user) if each]
    values: dict[str, object] = {"by": by, "text": event.text[:_LONGEST]}
    return [Action(POST, 0, values=values, channel=event.channel, message=event.ts, key=key)]
