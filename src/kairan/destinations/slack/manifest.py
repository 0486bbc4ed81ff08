"""The app as Slack has to know it, with the least rights. https://docs.slack.dev/reference/app-manifest"""

from collections.abc import Mapping
from typing import Any

# What each scope is for stands in README.md; a test compares the two.
SCOPES = (
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "groups:history",
    "groups:read",
    "users:read",
    "users:read.email",
)
COMMAND = "/kairan"
SHORTCUT = "kairan.open_case"  # as actions.button("open_case")
EVENTS = ("app_home_opened",)
POSTS = ("message.channels", "message.groups")  # every post of every channel that the app is in


def manifest(address: str = "", *, posts: bool = False) -> Mapping[str, Any]:
    """Socket Mode, with no address; else Slack calls `address` over HTTPS."""
    events = [*EVENTS, *(POSTS if posts else ())]
    inbound = f"{address.rstrip('/')}/slack/" if address else ""
    return {
        "display_information": {
            "name": "Kairan",
            "description": "Vulnerability alerts, until each is settled",
            "background_color": "#8f2a1d",
        },
        "features": {
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": False},
            "bot_user": {"display_name": "Kairan", "always_online": True},
            "slash_commands": [
                {
                    "command": COMMAND,
                    "description": "Who is affected by a CVE or a package",
                    "usage_hint": "CVE-2021-44228 | log4j-core | help",
                    "should_escape": False,
                }
                | ({"url": inbound} if inbound else {})
            ],
            "shortcuts": [
                {
                    "name": "Open a case from this",
                    "type": "message",
                    "callback_id": SHORTCUT,
                    "description": "Who is affected by the CVE that this message names, and a case of it",
                }
            ],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {"bot_events": events} | ({"request_url": inbound} if inbound else {}),
            "interactivity": {"is_enabled": True} | ({"request_url": inbound} if inbound else {}),
            "org_deploy_enabled": False,
            "socket_mode_enabled": not inbound,
            "token_rotation_enabled": False,
        },
    }
