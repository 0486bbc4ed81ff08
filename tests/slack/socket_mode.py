"""Socket Mode as Slack does it: several connections, one of them gets an envelope; acknowledged within 3 seconds.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import asyncio
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

ACK_SECONDS = 3.0
REDELIVER_AFTER = (0.05, 1.0, 5.0)  # Slack: about now, a minute, five minutes


@dataclass
class Envelope:
    """One request on its way. `acked` is what the app answered: None not yet, {} nothing to say."""

    id: str
    kind: str
    payload: dict[str, Any]
    attempts: int = 0
    sent_to: list[str] = field(default_factory=list)
    acked: dict[str, Any] | None = None
    took: float = 0

    def frame(self) -> dict[str, Any]:
        frame = {
            "envelope_id": self.id,
            "type": self.kind,
            "payload": self.payload,
            "accepts_response_payload": self.kind != "events_api",
        }
        if self.kind == "events_api" and self.attempts > 1:
            frame |= {"retry_attempt": self.attempts - 1, "retry_reason": "timeout"}
        return frame


class SocketMode:
    """The connections of one app and the envelopes in flight. Lives in the server's event loop."""

    def __init__(self) -> None:
        self.connections: dict[str, web.WebSocketResponse] = {}
        self.envelopes: dict[str, Envelope] = {}
        self.greeted = 0
        self.is_deaf = False  # acknowledgements are lost on their way
        self._retiring: set[str] = set()
        self._waiting: dict[str, asyncio.Event] = {}
        self._numbers = itertools.count(1)
        self._turn = itertools.count()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(timeout=0.5)  # the built-in client says no good-bye
        await socket.prepare(request)
        name = f"connection-{next(self._numbers)}"
        for old in self._retiring:
            self.connections.pop(old, None)
        self._retiring.clear()
        self.connections[name] = socket
        self.greeted += 1
        await socket.send_json(_hello(len(self.connections)))
        try:
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    self._hear(message.data)
        except ConnectionError:
            pass  # it was cut
        finally:
            self.connections.pop(name, None)
        return socket

    def _hear(self, text: str) -> None:
        try:
            said = json.loads(text)
        except ValueError:
            return  # the built-in client also pings with texts
        envelope = self.envelopes.get(said.get("envelope_id", "")) if isinstance(said, dict) else None
        if envelope is None or self.is_deaf:
            return
        if envelope.acked is None:
            envelope.acked = said.get("payload") or {}
        if envelope.id in self._waiting:
            self._waiting[envelope.id].set()

    async def deliver(self, kind: str, payload: dict[str, Any]) -> Envelope:
        """Send to one connection and wait for the acknowledgement. Events are sent again, to another connection."""
        envelope = Envelope(f"envelope-{next(self._numbers)}", kind, payload)
        self.envelopes[envelope.id] = envelope
        waits = REDELIVER_AFTER if kind == "events_api" else ()
        for wait in (*waits, None):
            await self._send(envelope)
            if envelope.acked is not None or wait is None:
                break
            await asyncio.sleep(wait)
        return envelope

    async def _send(self, envelope: Envelope) -> None:
        name = self._choose(envelope)
        envelope.attempts += 1
        if name is None:
            return
        acked = self._waiting[envelope.id] = asyncio.Event()
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            await self.connections[name].send_json(envelope.frame())
            envelope.sent_to.append(name)
            await asyncio.wait_for(acked.wait(), ACK_SECONDS)
        except (TimeoutError, ConnectionError, KeyError):
            pass
        envelope.took = loop.time() - began
        self._waiting.pop(envelope.id, None)

    def _choose(self, envelope: Envelope) -> str | None:
        alive = [name for name, socket in self.connections.items() if not socket.closed]
        others = [name for name in alive if name not in envelope.sent_to] or alive
        return others[next(self._turn) % len(others)] if others else None

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """Ask every connection to come back anew, as Slack does every few hours."""
        for name, socket in list(self.connections.items()):
            await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "local"}})
            if reason != "warning":
                self._retiring.add(name)  # is used until the new one is there

    async def cut(self) -> None:
        """Break every connection without a word."""
        for socket in list(self.connections.values()):
            transport = socket._req.transport if socket._req else None
            if transport is not None:
                transport.abort()


def _hello(number: int) -> Mapping[str, Any]:
    return {
        "type": "hello",
        "num_connections": number,
        "debug_info": {"host": "local", "started": "", "build_number": 1, "approximate_connection_time": 18060},
        "connection_info": {"app_id": "A0KAIRAN01"},
    }
