"""The dummy's other side: a small server that checks every request, keeps what it takes, and fails on demand.

POST   /channels/CHANNEL/messages           {marker, payload, root, broadcast} -> {id, url}
PUT    /channels/CHANNEL/messages/ID        {marker, payload} -> {id, url}; 410 if it was deleted
DELETE /channels/CHANNEL/messages/ID        as people delete
GET    /channels/CHANNEL/messages?since=    {messages: [{id, url, marker, root}]}
GET    /check, GET /log, POST /faults       is it well; everything it keeps; other faults from now on
"""

import json
import re
import sys
import threading
import time
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import msgspec

from kairan.destinations.dummy.faults import Dice, Faults
from kairan.destinations.dummy.ledger import GoneError, Kept, Ledger, url
from kairan.destinations.dummy.limits import LONGEST_REQUEST, LONGEST_TEXT

_PATH = re.compile(r"/channels/([^/]+)/messages(?:/([^/]+))?")
_KEYS = {"POST": {"marker", "payload", "root", "broadcast"}, "PUT": {"marker", "payload"}}
_AFTERWARDS = {"mute", "cut_after", "garble"}  # applied first, and then something goes wrong
_SILENT = {"lose", "mute", "delay"}
_CUT = {"cut_before", "cut_after"}


class DummyServer(ThreadingHTTPServer):
    """Listens on loopback; port 0 is any that is free."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, dice: Dice, ledger: Ledger) -> None:
        self.dice, self.ledger, self.stopped = dice, ledger, threading.Event()
        self.turned_away: list[str] = []  # requests that no client of ours should send
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is what this server is for; all else is said."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: DummyServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path == "/log":
            return self._answer(200, {"messages": self.server.ledger.log(), "turned_away": self.server.turned_away})
        if self._is_closed():
            return None
        if address.path == "/check":
            return self._answer(200, {"ok": True})
        return self._list(address.path, parse_qs(address.query).get("since", [""])[0])

    def do_POST(self) -> None:
        said = self._body()
        if self.path == "/faults":
            try:
                self.server.dice.faults = msgspec.convert(said, Faults)
            except ValueError as error:
                return self._turn_away(str(error))
            return self._answer(200, {})
        return self._change("POST", said)

    def do_PUT(self) -> None:
        self._change("PUT", self._body())

    def do_DELETE(self) -> None:
        found = _PATH.fullmatch(self.path)
        try:
            if found is None or not found[2]:
                return self._turn_away(f"no such address: {self.path}")
            self.server.ledger.delete(unquote(found[1]), unquote(found[2]))
        except GoneError:
            return self._answer(410, {"error": "gone"})
        return self._answer(200, {})

    def _list(self, path: str, since: str) -> None:
        found, dice = _PATH.fullmatch(path), self.server.dice
        if found is None or found[2]:
            return self._turn_away(f"no such address: {path}")
        if dice.happens(dice.faults.fail_look):
            return self._answer(429, {"error": "slow down"}, {"Retry-After": f"{dice.faults.retry_after:g}"})
        try:
            datetime.fromisoformat(since)
            return self._answer(200, {"messages": self.server.ledger.listed(unquote(found[1]), since)})
        except (ValueError, TypeError):
            return self._turn_away(f"since={since!r} is no instant")

    def _change(self, method: str, said: Any) -> None:
        """Take a message or an edit, unless it is wrong or a fault is drawn."""
        if self._is_closed():
            return None
        found = _PATH.fullmatch(urlsplit(self.path).path)
        if found is None or bool(found[2]) != (method == "PUT"):
            return self._turn_away(f"no such address: {method} {self.path}")
        if wrong := _wrong(method, said):
            return self._turn_away(wrong)
        channel, dice = unquote(found[1]), self.server.dice
        if channel in dice.faults.refused:
            return self._answer(403, {"error": "this channel takes nothing"})
        return self._fate(dice.mishap(), channel, unquote(found[2] or ""), said)

    def _fate(self, mishap: str, channel: str, number: str, said: dict[str, Any]) -> None:
        faults = self.server.dice.faults
        time.sleep(self.server.dice.seconds(faults.latency) / 2)
        if mishap == "fail":
            return self._answer(500, {"error": "try again"})
        if mishap in {"limit", "limit_all"}:
            scope = {"X-Scope": "all"} if mishap == "limit_all" else {}
            return self._answer(429, {"error": "slow down"}, {"Retry-After": f"{faults.retry_after:g}", **scope})
        if mishap == "delay":
            threading.Timer(faults.late, self._apply_late, (channel, number, said)).start()
        kept = None
        if not mishap or mishap in _AFTERWARDS:
            try:
                kept = self._apply(channel, number, said)
            except GoneError:
                return self._answer(410, {"error": "gone"})
        time.sleep(self.server.dice.seconds(faults.latency) / 2)
        return self._end(mishap, kept)

    def _end(self, mishap: str, kept: Kept | None) -> None:
        if mishap in _SILENT:
            self.server.stopped.wait(self.server.dice.faults.hold)
        if mishap in _SILENT | _CUT:
            self.close_connection = True
            return None
        if mishap == "garble" or kept is None:
            return self._send(200, b"<html>not what you think")
        return self._answer(200, {"id": kept.id, "url": url(kept)})

    def _apply(self, channel: str, number: str, said: dict[str, Any]) -> Kept:
        if number:
            return self.server.ledger.edit(channel, number, said)
        return self.server.ledger.post(channel, said, self.server.dice.faults.hidden)

    def _apply_late(self, channel: str, number: str, said: dict[str, Any]) -> None:
        try:
            self._apply(channel, number, said)
        except GoneError:
            return

    def _is_closed(self) -> bool:
        faults = self.server.dice.faults
        if faults.revoked:
            self._answer(401, {"error": "the token was revoked"})
        elif faults.down:
            self._answer(503, {"error": "closed for repairs"}, {"Retry-After": f"{faults.retry_after:g}"})
        return faults.revoked or faults.down

    def _body(self) -> Any:
        size = int(self.headers.get("Content-Length") or 0)
        if size > LONGEST_REQUEST:
            return None
        said = self.rfile.read(size)
        if len(said) < size:
            raise ConnectionAbortedError("whoever asked was killed in the middle")
        try:
            return json.loads(said)
        except ValueError:
            return None

    def _turn_away(self, wrong: str) -> None:
        self.server.turned_away.append(wrong)
        self._answer(400, {"error": wrong})

    def _answer(self, status: int, said: object, headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(said).encode(), headers)

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # whoever asked has gone

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the standard library
        """Nothing: /log tells."""


def _wrong(method: str, said: Any) -> str:
    """What is wrong with a request's body, "" if nothing is."""
    if not isinstance(said, dict):
        return "the body is no JSON object, or too long"
    if {*said} != _KEYS[method]:
        return f"keys have to be {sorted(_KEYS[method])}, not {sorted(said)}"
    try:
        UUID(said["marker"])
    except (ValueError, TypeError, AttributeError):
        return "marker has to be a UUID"
    if not isinstance(said["payload"], dict) or not said["payload"].get("purpose"):
        return "payload has to be an object with a purpose"
    if any(isinstance(value, str) and len(value) > LONGEST_TEXT for value in said["payload"].values()):
        return f"a text is longer than {LONGEST_TEXT}"
    if method == "POST" and (not isinstance(said["broadcast"], bool) or not isinstance(said["root"], str | None)):
        return "broadcast has to be true or false, root an id or null"
    return ""
