"""Events: what happens in Slack without anybody pressing something of ours.

https://docs.slack.dev/apis/events-api
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from kairan.domain.message import Action

HOME = "home"


class _Seen(msgspec.Struct):
    hash: str = ""


class _Event(msgspec.Struct):
    """The fields that we read of app_home_opened."""

    type: str = ""
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
    return []
