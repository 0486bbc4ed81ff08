"""No request may be larger than what is taken in: Django writes all of it to the disk before it asks who sends it.

So what is large is asked here who sends it: reports come from people who may import, a few at a time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.db import connections as database

from kairan.services.uploads import limit
from kairan.web.api import problems
from kairan.web.api.problems import ProblemError
from kairan.web.senders import may_import

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]
Headers = Mapping[str, str]

_AROUND = 1 << 20  # what a form adds around a file
_SMALL = 8 << 20  # every request but those that carry reports, and those of whom nobody knows
_CARRY_REPORTS = frozenset({"/uploads/", "/api/v1/imports"})
_AT_ONCE = 4  # large bodies: each lies on the disk twice while it is taken in
_TOO_LARGE = ProblemError(problems.TOO_LARGE)
_NOT_YOURS = ProblemError(
    problems.TOO_LARGE,
    "Bodies as large as this are taken only from people who are logged in, or known by a token, and may import",
)
_BUSY = ProblemError(
    problems.BUSY, f"{_AT_ONCE} large reports are being taken in already", headers={"Retry-After": "20"}
)
_NO_DATABASE = ProblemError(problems.UNAVAILABLE, headers={"Retry-After": "5"})


class BodyLimit:
    """An ASGI application that answers 413 itself, at once where the length is told, else when it is passed.

    `admits` says of a request's headers whether its sender may import.
    """

    def __init__(self, application: Application, admits: Callable[[str, Headers], bool] = may_import) -> None:
        self.application = application
        self._admits = admits
        self._taking_in = 0

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        told = _told(headers)
        if scope["path"] not in _CARRY_REPORTS or scope["method"] != "POST" or (told is not None and told <= _SMALL):
            await self._small(scope, receive, send, told or 0, _TOO_LARGE)
            return
        try:
            admitted = await asyncio.to_thread(self._asked, scope["path"], headers)
        except (DatabaseError, InterfaceError):
            await _refuse(send, scope["path"], _NO_DATABASE)
            return
        if admitted:
            await self._large(scope, receive, send, told or 0)
        else:
            await self._small(scope, receive, send, told or 0, _NOT_YOURS)

    def _asked(self, path: str, headers: Headers) -> bool:
        """In a thread of its own, whose connection to the database ends with the question."""
        try:
            return self._admits(path, headers)
        finally:
            database.close_all()

    async def _small(
        self, scope: dict[str, Any], receive: Receive, send: Send, told: int, problem: ProblemError
    ) -> None:
        await self._bounded(scope, receive, send, told, _SMALL, problem)

    async def _large(self, scope: dict[str, Any], receive: Receive, send: Send, told: int) -> None:
        if self._taking_in >= _AT_ONCE:
            await _refuse(send, scope["path"], _BUSY)
            return
        self._taking_in += 1
        try:
            await self._bounded(scope, receive, send, told, limit() + _AROUND, _TOO_LARGE)
        finally:
            self._taking_in -= 1

    async def _bounded(
        self, scope: dict[str, Any], receive: Receive, send: Send, told: int, most: int, problem: ProblemError
    ) -> None:
        if told > most:
            await _refuse(send, scope["path"], problem)
            return
        counted = _Counted(receive, send, most, scope["path"], problem)
        await self.application(scope, counted.receive, counted.send)


class _Counted:
    """Receives no more than `most`: past that the application hears that the visitor is gone, the visitor why."""

    def __init__(self, receive: Receive, send: Send, most: int, path: str, problem: ProblemError) -> None:
        self._receive, self._send, self._left, self._path = receive, send, most, path
        self._problem = problem
        self._refused = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left >= 0 or self._refused:
            return message
        self._refused = True
        await _refuse(self._send, self._path, self._problem)
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if not self._refused:
            await self._send(message)


def _told(headers: Headers) -> int | None:
    """The length that the request tells; 0 for one without a body, None where only its end will tell."""
    length = headers.get("content-length")
    if length is None:
        return None if "transfer-encoding" in headers else 0
    return int(length) if length.isascii() and length.isdigit() and len(length) < 19 else None


async def _refuse(send: Send, path: str, problem: ProblemError) -> None:
    media, body = (
        "text/plain; charset=utf-8",
        f"{problem.kind.title}. {problem.detail or problem.kind.meaning}\n".encode(),
    )
    if path.startswith(problems.PREFIX):
        media, body = problems.MEDIA_TYPE, problems.answer(problem).content
    told = {"content-type": media, "connection": "close", "cache-control": "no-store", **problem.headers}
    headers = [(name.lower().encode(), value.encode()) for name, value in told.items()]
    await send({"type": "http.response.start", "status": problem.kind.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
