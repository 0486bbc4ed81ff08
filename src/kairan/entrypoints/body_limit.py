"""No request may be larger than what is taken in: Django writes all of it to the disk before it asks who sends it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from kairan.services.uploads import limit
from kairan.web.api import problems

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

_AROUND = 1 << 20  # what a form adds around a file
_OTHERS = 8 << 20  # every request but those that carry reports
_CARRY_REPORTS = ("/uploads/", "/api/v1/imports")


class BodyLimit:
    """An ASGI application that answers 413 itself, at once where the length is told, else when it is passed."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        most = limit() + _AROUND if scope["path"].startswith(_CARRY_REPORTS) else _OTHERS
        told = dict(scope["headers"]).get(b"content-length", b"0")
        if told.isdigit() and int(told) > most:
            await _refuse(send, scope["path"])
            return
        counted = _Counted(receive, send, most, scope["path"])
        await self.application(scope, counted.receive, counted.send)


class _Counted:
    """Receives no more than `most`: past that the application hears that the visitor is gone, the visitor 413."""

    def __init__(self, receive: Receive, send: Send, most: int, path: str) -> None:
        self._receive, self._send, self._left, self._path = receive, send, most, path
        self._refused = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left >= 0 or self._refused:
            return message
        self._refused = True
        await _refuse(self._send, self._path)
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if not self._refused:
            await self._send(message)


async def _refuse(send: Send, path: str) -> None:
    media, body = "text/plain; charset=utf-8", b"The request is larger than what this Kairan takes in.\n"
    if path.startswith(problems.PREFIX):
        answer = problems.of_status(413)
        media, body = problems.MEDIA_TYPE, answer.content
    headers = [(b"content-type", media.encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
