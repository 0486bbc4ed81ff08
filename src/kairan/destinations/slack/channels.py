"""Which channels the app is in, and which are shared with outsiders. Remembered briefly: Slack counts each look."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from slack_sdk import WebClient

Info = dict[str, Any]
FRESH = 60.0  # seconds
_PAGE, _MOST_PAGES = 999, 20
KINDS = "public_channel,private_channel"


class Channels:
    """What Slack says of channels. One for a token, shared by all carriers of a process."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._now = monotonic
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Info]] = {}
        self._listed_at = -FRESH

    def info(self, client: WebClient, channel: str) -> Info:
        """One channel. Those that the app is in come by the hundred, the others one by one. Raises what Slack says."""
        with self._lock:
            if found := self._fresh(channel):
                return found
            if self._now() - self._listed_at >= FRESH:
                self._list(client)
            return self._fresh(channel) or self._asked(client, channel)

    def forget(self, channel: str) -> None:
        """It was not as we thought."""
        with self._lock:
            self._known.pop(channel, None)

    def _fresh(self, channel: str) -> Info | None:
        at, info = self._known.get(channel, (-FRESH, {}))
        return info if self._now() - at < FRESH else None

    def _list(self, client: WebClient) -> None:
        """https://docs.slack.dev/reference/methods/users.conversations"""
        self._listed_at = now = self._now()
        for info in listed(client):
            if "is_ext_shared" in info:
                self._known[str(info.get("id", ""))] = (now, info)

    def _asked(self, client: WebClient, channel: str) -> Info:
        info = client.api_call("conversations.info", params={"channel": channel}).get("channel") or {}
        self._known[channel] = (self._now(), info)
        return dict(info)


def listed(client: WebClient) -> Iterator[Info]:
    """The channels that the app is a member of."""
    cursor = ""
    for _ in range(_MOST_PAGES):
        asked = {"types": KINDS, "exclude_archived": True, "limit": _PAGE, "cursor": cursor}
        page = client.api_call("users.conversations", params=asked)
        yield from page.get("channels") or []
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return
