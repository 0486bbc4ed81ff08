"""The bodies of Slack's calls for one delivery. https://docs.slack.dev/reference/methods/chat.postMessage"""

from typing import Any

from kairan.interfaces.destination import Parcel

MARKER = "marker"


def body(parcel: Parcel) -> dict[str, Any]:
    """For chat.update when the parcel edits, else for chat.postMessage. The marker goes into the metadata, where
    conversations.history gives it back."""
    payload = dict(parcel.payload)
    metadata = payload.get("metadata") or {}
    about = {**metadata.get("event_payload", {}), MARKER: parcel.marker}
    said: dict[str, Any] = {**payload, "channel": parcel.channel, "metadata": {**metadata, "event_payload": about}}
    if parcel.root is None:
        return said
    if parcel.edits:
        for name in ("unfurl_links", "unfurl_media"):
            said.pop(name, None)
        return {**said, "ts": parcel.root.id}
    said["thread_ts"] = parcel.root.id
    return said | ({"reply_broadcast": True} if parcel.broadcast else {})
