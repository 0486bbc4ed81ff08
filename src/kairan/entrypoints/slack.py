"""Socket Mode in the worker: a connection for each Slack destination that has an `app_token`. No inbound port.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import asyncio
import logging
import threading
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any

import structlog
from django.db import close_old_connections, connections
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from kairan.domain.errors import KairanError
from kairan.interfaces import registry
from kairan.runtime.secrets import secret
from kairan.services import configuration
from kairan.web.slack.bolt import app_of

LOOK_SECONDS = 10.0  # how soon a changed configuration is followed, and a lost connection made anew
PING_SECONDS = 5.0
CLOSE_TRIES = 12  # of half a second
_KIND = "slack"
log = structlog.get_logger("kairan.slack")


class Sockets:
    """The connections there are, by destination; brought in line with the configuration again and again."""

    def __init__(self, ping: float = PING_SECONDS) -> None:
        self._ping = ping
        self._open: dict[str, tuple[Mapping[str, Any], SocketModeHandler]] = {}
        self._silent: set[str] = set()  # not connected when we looked last

    def follow(self) -> None:
        """Open what is configured, close what is not (any more)."""
        wanted = _wanted()
        for name in list(self._open):
            if self._open[name][0] != wanted.get(name) or self._is_lost(name):
                self._drop(name)
        for name, settings in wanted.items():
            if name not in self._open:
                self._connect(name, settings)

    def _is_lost(self, name: str) -> bool:
        """The client connects anew by itself; when it has not for two looks, a new one does."""
        if self._open[name][1].client.is_connected():
            self._silent.discard(name)
            return False
        was_silent = name in self._silent
        self._silent.add(name)
        return was_silent

    def close(self) -> None:
        for name in list(self._open):
            self._drop(name)

    def _connect(self, name: str, settings: Mapping[str, Any]) -> None:
        try:
            handler = self._handler(name, settings)
        except KairanError as error:
            log.warning("Slack cannot be listened to", destination=name, reason=str(error))
            return
        self._open[name] = (settings, handler)
        is_connected = False
        try:
            handler.connect()  # type: ignore[no-untyped-call]  # Bolt has no types here
            is_connected = True
            log.info("listening to Slack", destination=name)
        except (SlackClientError, OSError, HTTPException, ValueError) as error:
            log.warning("Slack cannot be listened to; it is tried again", destination=name, reason=_line(error))
        finally:
            if not is_connected:  # nobody watches over a client that never connected
                self._drop(name)

    def _handler(self, name: str, settings: Mapping[str, Any]) -> SocketModeHandler:
        app_token, base_url = secret(str(settings["app_token"])), str(settings["base_url"])
        timeout = int(settings["timeout"])
        opener = WebClient(app_token, base_url=base_url, timeout=timeout)
        logger = logging.getLogger("kairan.slack")
        return SocketModeHandler(app_of(name), app_token, web_client=opener, ping_interval=self._ping, logger=logger)

    def _drop(self, name: str) -> None:
        """Close, waiting a little. The client's own close may wait for ever right after it connected: the thread that
        receives takes its word to stop back when it begins, so it is told again."""
        _settings, handler = self._open.pop(name)
        self._silent.discard(name)
        closing = threading.Thread(target=_close, args=(handler, name), daemon=True)
        closing.start()
        for _ in range(CLOSE_TRIES):
            closing.join(0.5)
            if not closing.is_alive():
                return
            handler.client.current_session_state.terminated = True
        log.warning("a connection to Slack does not close", destination=name)


def _close(handler: SocketModeHandler, name: str) -> None:
    try:
        handler.close()  # type: ignore[no-untyped-call]
    except Exception:  # the runner: a connection that is gone already may fail in any way
        log.exception("a connection to Slack could not be closed", destination=name)


def _wanted() -> dict[str, Mapping[str, Any]]:
    """The settings of the destinations that use Socket Mode."""
    kind = registry.destinations().get(_KIND)
    found: dict[str, Mapping[str, Any]] = {}
    for each in configuration.active().destinations:
        if kind and each.kind == _KIND and each.settings.get("app_token"):
            try:
                found[each.name] = dict(kind.check_settings(each.settings))
            except KairanError as error:
                log.warning("a Slack destination is set up wrongly", destination=each.name, reason=str(error))
    return found


def _line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


async def listen() -> None:
    """Listen for ever."""
    sockets = Sockets()
    try:
        while True:
            await asyncio.to_thread(_follow, sockets)
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        await asyncio.shield(asyncio.to_thread(sockets.close))


def _follow(sockets: Sockets) -> None:
    close_old_connections()
    try:
        sockets.follow()
    except Exception:  # the runner: a lost database must not end the worker
        log.exception("Slack could not be looked after")
    finally:
        connections.close_all()
