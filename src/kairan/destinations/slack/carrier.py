"""Carries messages to Slack by its Web API. https://docs.slack.dev/apis/web-api

One call a message and no retry of our own or the client's: Slack has no idempotency key, so a retry after a lost
answer would post twice. What is uncertain is looked for by the marker in the message's metadata.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from slack_sdk import WebClient

from kairan.destinations.slack import check, failures
from kairan.destinations.slack.channels import Channels
from kairan.destinations.slack.config import Settings
from kairan.destinations.slack.people import Talk
from kairan.destinations.slack.request import MARKER, body
from kairan.interfaces.destination import DeliveryError, LookError, Parcel, Problem, Receipt, Surroundings

_PAGE, _MOST_PAGES = 200, 100
_SHORT = 1 / 3  # of the time limit: for what stands around the one call that counts


class SlackCarrier(Talk):
    """A connection to one workspace. `channels` is shared with the other carriers of the same token."""

    def __init__(self, settings: Settings, around: Surroundings, channels: Channels) -> None:
        token = around.secret(settings.bot_token)
        self._settings, self._around, self._channels = settings, around, channels
        self._client = connect(token, settings)
        self._quick = connect(token, settings, settings.timeout * _SHORT)

    # --- sending --------------------------------------------------------------------------------------------------

    def send(self, parcel: Parcel) -> Receipt:
        """Post, reply or edit. A reply whose parent is gone is taken out of its thread by Slack, without a word."""
        self._keep_inside(parcel.channel)
        said = _threaded(body(parcel), parcel)
        method = "chat.update" if parcel.edits and parcel.root else "chat.postMessage"
        try:
            answer = self._client.api_call(method, json=said)
        except failures.FAILURES as error:
            raise failures.failure(error) from error
        if method == "chat.update" and parcel.root:
            return parcel.root
        message = answer.get("message") or {}
        return self._receipt(parcel.channel, str(answer["ts"]), message, said.get("thread_ts", ""))

    def _receipt(self, channel: str, ts: str, message: Mapping[str, Any], wanted: str = "") -> Receipt:
        thread = str(message.get("thread_ts") or "")
        more = {"channel": channel}
        if thread and thread != ts:
            more["thread_ts"] = thread
        elif wanted:
            more["alone"] = "its thread was not there any more"
        return Receipt(ts, self._permalink(channel, ts), more)

    def _permalink(self, channel: str, ts: str) -> str:
        """The message is there, whatever becomes of this: without an answer it has no link."""
        try:
            answer = self._quick.api_call("chat.getPermalink", params={"channel": channel, "message_ts": ts})
        except failures.FAILURES:
            return ""
        return str(answer.get("permalink") or "")

    def _keep_inside(self, channel: str) -> None:
        """DeliveryError for a channel with people of other companies, unless it is allowed by name."""
        if channel in self._around.shared_channels:
            return
        try:
            info = self._channels.info(self._quick, channel)
        except failures.FAILURES as error:
            raise _not_sent(error) from error
        if info.get("is_ext_shared"):
            raise DeliveryError(
                f"#{info.get('name', channel)} is shared with another company: nothing is posted there; to allow it,"
                f" add {channel} to the destination's shared_channels",
                permanent=True,
            )

    # --- looking --------------------------------------------------------------------------------------------------

    def find(self, parcel: Parcel, since: datetime) -> Receipt | None:
        """In the thread, then in the channel: a reply may have fallen out of a thread that is gone."""
        if parcel.edits and parcel.root:
            return parcel.root if self._edited(parcel, parcel.root) else None
        if parcel.root:
            found = self._found(parcel, self._thread(parcel.channel, _thread_of(parcel.root), since))
            if found:
                return found
        return self._found(parcel, self._history(parcel.channel, since))

    def _found(self, parcel: Parcel, messages: Iterable[Mapping[str, Any]]) -> Receipt | None:
        wanted = _thread_of(parcel.root) if parcel.root else ""
        ours = next((each for each in messages if _marker(each) == parcel.marker), None)
        return self._receipt(parcel.channel, str(ours["ts"]), ours, wanted) if ours else None

    def _edited(self, parcel: Parcel, root: Receipt) -> bool:
        asked = {"channel": parcel.channel, "oldest": root.id, "latest": root.id, "inclusive": True}
        thread = root.more.get("thread_ts")
        method = "conversations.replies" if thread else "conversations.history"
        pages = self._pages(method, asked | ({"ts": thread} if thread else {}))
        return any(each.get("ts") == root.id and _marker(each) == parcel.marker for each in pages)

    def _history(self, channel: str, since: datetime) -> Iterator[Mapping[str, Any]]:
        """https://docs.slack.dev/reference/methods/conversations.history"""
        return self._pages("conversations.history", {"channel": channel, "oldest": _ts(since)})

    def _thread(self, channel: str, ts: str, since: datetime) -> Iterator[Mapping[str, Any]]:
        """https://docs.slack.dev/reference/methods/conversations.replies"""
        return self._pages("conversations.replies", {"channel": channel, "ts": ts, "oldest": _ts(since)})

    def _pages(self, method: str, asked: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Every message, to the end. LookError when Slack does not show all of them."""
        cursor = ""
        for _ in range(_MOST_PAGES):
            try:
                params = {**asked, "limit": _PAGE, "include_all_metadata": True, "cursor": cursor}
                page = self._client.api_call(method, params=params)
            except failures.FAILURES as error:
                if failures.code_of(error) in failures.GONE:
                    return  # the thread is not there
                raise _not_seen(error) from error
            yield from page.get("messages") or []
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return
        raise LookError("the channel has too many messages to look through")

    # --- the rest -------------------------------------------------------------------------------------------------

    def check(self) -> list[Problem]:
        return check.workspace(self._client, self._settings, self._around)

    def check_channels(self, channels: Iterable[str]) -> list[Problem]:
        return check.channels(self._client, channels, self._around.shared_channels)

    def close(self) -> None:
        """Nothing stays open between calls."""


def connect(token: str, settings: Settings, timeout: float | None = None) -> WebClient:
    """The SDK's client. `retry_handlers=[]`: by default it repeats a call whose connection was cut, unasked."""
    limit = timeout or settings.timeout
    return WebClient(token, base_url=settings.base_url, timeout=limit, retry_handlers=[])  # type: ignore[arg-type]


def _threaded(said: dict[str, Any], parcel: Parcel) -> dict[str, Any]:
    """A reply to a reply goes to the thread's first message."""
    if parcel.root and "thread_ts" in said:
        return {**said, "thread_ts": _thread_of(parcel.root)}
    return said


def _thread_of(root: Receipt) -> str:
    return root.more.get("thread_ts") or root.id


def _ts(at: datetime) -> str:
    return f"{at.timestamp():.6f}"


def _marker(message: Mapping[str, Any]) -> str:
    about = (message.get("metadata") or {}).get("event_payload") or {}
    return str(about.get(MARKER, ""))


def _not_sent(error: Exception) -> DeliveryError:
    """A look before sending failed, in whatever way: nothing was sent."""
    meant = failures.failure(error)
    return meant if isinstance(meant, DeliveryError) else DeliveryError(str(meant), whole=True)


def _not_seen(error: Exception) -> LookError:
    meant = failures.failure(error)
    return LookError(str(meant), retry_after=getattr(meant, "retry_after", None))
