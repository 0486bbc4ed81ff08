"""What keeps the app from doing its work, found without telling anybody anything."""

from collections.abc import Iterable, Iterator

from slack_sdk import WebClient

from kairan.destinations.slack import failures
from kairan.destinations.slack.config import Settings
from kairan.destinations.slack.manifest import SCOPES
from kairan.domain.errors import ConfigError
from kairan.interfaces.destination import Problem, Surroundings

_REINSTALL = "add it under OAuth & Permissions (kairan slack manifest lists all), then install the app anew"


def workspace(client: WebClient, settings: Settings, around: Surroundings) -> list[Problem]:
    """Token, scopes, Socket Mode."""
    try:
        answer = client.api_call("auth.test")
    except failures.FAILURES as error:
        return [_problem(error)]
    header = {str(name).lower(): value for name, value in answer.headers.items()}.get("x-oauth-scopes", "")
    granted = {each.strip() for each in str(header).split(",")}
    missing = [Problem(f"the scope {scope} is missing", _REINSTALL) for scope in SCOPES if scope not in granted]
    return [*missing, *_socket(settings, around)]


def _socket(settings: Settings, around: Surroundings) -> Iterator[Problem]:
    """Does Slack give an address for Socket Mode? Asking for one connects nobody."""
    if not settings.app_token:
        if not settings.signing_secret:
            yield Problem(
                "buttons and forms cannot be heard",
                "set app_token (Socket Mode, no inbound port) or signing_secret (Slack calls Kairan)",
            )
        return
    try:
        token = around.secret(settings.app_token)
        opener = WebClient(token, base_url=settings.base_url, timeout=int(settings.timeout), retry_handlers=[])
        opener.api_call("apps.connections.open")
    except ConfigError as error:
        yield Problem("app_token cannot be read", str(error))
    except failures.FAILURES as error:
        todo = "make an app-level token with the scope connections:write and switch Socket Mode on"
        yield Problem(f"Socket Mode cannot be used ({failures.code_of(error) or 'no answer'})", todo)


def channels(client: WebClient, wanted: Iterable[str], allowed: frozenset[str]) -> list[Problem]:
    """Each channel: is it there, not archived, are we in it, and is it ours alone?"""
    return [problem for channel in wanted for problem in _channel(client, channel, allowed)]


def _channel(client: WebClient, channel: str, allowed: frozenset[str]) -> Iterator[Problem]:
    try:
        info = client.api_call("conversations.info", params={"channel": channel}).get("channel") or {}
    except failures.FAILURES as error:
        found = _problem(error)
        yield Problem(f"channel {channel}: {found.what}", found.todo)
        return
    name = f"#{info.get('name', '')} ({channel})"
    if info.get("is_archived"):
        yield Problem(f"{name} is archived", "unarchive it, or name another one in kairan.yaml")
    elif not info.get("is_member"):
        yield Problem(f"Kairan is no member of {name}", "invite it there: /invite @Kairan")
    if info.get("is_ext_shared") and channel not in allowed:
        yield Problem(
            f"{name} is shared with another company: nothing is posted there",
            f"name another channel, or allow this one: shared_channels: [{channel}]",
        )


def _problem(error: Exception) -> Problem:
    what, _, todo = str(failures.failure(error)).partition(": ")
    return Problem(what, todo or "try again later")
