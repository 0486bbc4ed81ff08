"""What Slack's refusals mean for a delivery, and what a person can do about them.

Each method's page lists its errors: https://docs.slack.dev/reference/methods/chat.postMessage#errors
"""

import http.client
from collections.abc import Mapping
from datetime import timedelta
from urllib.error import URLError

from slack_sdk.errors import SlackApiError, SlackClientError, SlackRequestError

from kairan.domain.errors import KairanError
from kairan.interfaces.destination import DeliveryError, UncertainError

_INVITE = "invite the app there (/invite @Kairan), then send again"
_TOKEN = "install the app anew and put the new bot token where bot_token refers to"  # noqa: S105
_DRAWN = "this is a fault of Kairan; the message is kept as it was sent"
_WAIT = timedelta(seconds=30)  # where Slack does not say how long
_LONGEST_WAIT = timedelta(hours=1)

# The workspace, the app or its token is the trouble: nothing can be sent until somebody mends it.
WHOLE: Mapping[str, str] = {
    "invalid_auth": _TOKEN,
    "not_authed": _TOKEN,
    "token_revoked": _TOKEN,
    "token_expired": _TOKEN,
    "account_inactive": _TOKEN,
    "not_allowed_token_type": "bot_token has to refer to a token that begins with xoxb-",
    "missing_scope": "add the scope (kairan slack manifest lists all), then install the app anew",
    "no_permission": "ask an administrator of the workspace to approve the app",
    "access_denied": "ask an administrator of the workspace to approve the app",
    "accesslimited": "ask an administrator of the workspace to approve the app",
    "org_login_required": "the workspace is being moved into an organisation: wait until that is over",
    "team_access_not_granted": "grant the app access to this workspace",
    "two_factor_setup_required": "the app's account needs a second factor",
    "enterprise_is_restricted": "the organisation does not allow this method; ask its administrators",
    "ekm_access_denied": "the administrators have suspended the ability to post; ask them",
}
# One channel is the trouble.
CHANNEL: Mapping[str, str] = {
    "channel_not_found": f"there is no such channel, or it is private: check its id, or {_INVITE}",
    "not_in_channel": f"the app is no member of the channel: {_INVITE}",
    "is_archived": "the channel is archived: unarchive it, or name another one in kairan.yaml",
    "restricted_action": "the channel's settings do not let apps post: allow it there",
    "restricted_action_read_only_channel": "the channel is read-only: let the app post there",
    "restricted_action_thread_only_channel": "the channel takes replies only: name another one in kairan.yaml",
    "restricted_action_non_threadable_channel": "the channel takes no replies: name another one in kairan.yaml",
    "restricted_action_thread_locked": "the thread is locked: unlock it",
    "slack_connect_blocked_file_type": "the other company's settings forbid it",
    "method_not_supported_for_channel_type": "Slack does not allow this there: name another channel in kairan.yaml",
    "cant_update_message": "the message is not Kairan's own: it cannot be edited",
    "edit_window_closed": "the workspace does not allow editing so late: lengthen that time in its settings",
}
# The message that this one edits or answers is not there any more.
GONE = frozenset({"message_not_found", "thread_not_found", "cannot_reply_to_message", "invalid_thread_ts"})
# It passes. Nothing was done.
PASSING = frozenset(
    {"ratelimited", "rate_limited", "service_unavailable", "request_timeout", "team_added_to_org", "update_failed"}
)
LIMITED = "message_limit_exceeded"
# "It's possible some aspect of the operation succeeded before the error was raised."
UNKNOWN = frozenset({"fatal_error", "internal_error"})
# All that a call may raise: the client's own errors, and what urllib lets through (ValueError: an unreadable answer).
FAILURES = (SlackClientError, OSError, http.client.HTTPException, ValueError)


def failure(error: Exception) -> KairanError:
    """What became of a call that failed: DeliveryError, nothing was done; UncertainError, nobody knows."""
    if isinstance(error, SlackApiError):
        return _refusal(error)
    if isinstance(error, SlackRequestError):
        return DeliveryError(f"Slack's address cannot be used: {error}", permanent=True, whole=True)
    if isinstance(error, URLError):  # urllib wraps what fails before the request is out, and nothing after that
        return DeliveryError(f"Slack cannot be reached: {error.reason}", whole=True)
    return UncertainError(f"Slack's answer never came: {type(error).__name__}: {error}")


def code_of(error: Exception) -> str:
    """Slack's word for it; "" for what is no refusal of Slack's."""
    data = getattr(error.response, "data", None) if isinstance(error, SlackApiError) else None
    return str(data.get("error", "")) if isinstance(data, dict) else ""


def retry_after(error: SlackApiError) -> timedelta:
    """How long Slack asks us to wait. https://docs.slack.dev/apis/web-api/rate-limits"""
    headers = {str(name).lower(): value for name, value in (getattr(error.response, "headers", None) or {}).items()}
    text = str(headers.get("retry-after", ""))
    return min(timedelta(seconds=int(text)), _LONGEST_WAIT) if text.isascii() and text.isdigit() else _WAIT


def _refusal(error: SlackApiError) -> KairanError:
    status, code = getattr(error.response, "status_code", 200), code_of(error)
    if status == 429:
        return DeliveryError("Slack asks to wait (429)", retry_after=retry_after(error))
    if status >= 500:
        return UncertainError(f"Slack failed (HTTP {status})")
    if code in UNKNOWN:
        return UncertainError(f"Slack failed ({code}); some of it may have been done")
    if status != 200 or not code or " " in code:  # the client puts a sentence where it could not read an answer
        return UncertainError(f"Slack's answer cannot be read (HTTP {status})")
    return _named(code, error)


def _named(code: str, error: SlackApiError) -> DeliveryError:
    if code in WHOLE:
        return DeliveryError(f"{_said(code, error)}: {WHOLE[code]}", permanent=True, whole=True)
    if code in CHANNEL:
        return DeliveryError(f"{code}: {CHANNEL[code]}", permanent=True)
    if code in GONE:
        return DeliveryError(f"{code}: the message it belongs to is not there any more", permanent=True, gone=True)
    if code in PASSING:
        return DeliveryError(f"Slack asks to wait ({code})", retry_after=retry_after(error))
    if code == LIMITED:
        return DeliveryError("the workspace sends too many messages", retry_after=_LONGEST_WAIT, whole=True)
    return DeliveryError(f"{_said(code, error)}: {_DRAWN}", permanent=True)


def _said(code: str, error: SlackApiError) -> str:
    """The code, with the scope or the block that it is about."""
    data = getattr(error.response, "data", None) or {}
    if needed := data.get("needed"):
        return f"{code} ({needed})"
    messages = (data.get("response_metadata") or {}).get("messages") or []
    return f"{code} ({'; '.join(map(str, messages[:3]))[:300]})" if messages else code
