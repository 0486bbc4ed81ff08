"""No visitor fills the disk: what is larger than anything Kairan takes in is cut off at the door."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from kairan.entrypoints.body_limit import BodyLimit

MIB = 1 << 20


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAIRAN_MAX_UPLOAD_BYTES", str(20 * MIB))


def ask(path: str, sent: int, *, told: int | None = None) -> tuple[int, int]:
    """(status, bytes that the application saw) of a request with a body of `sent` bytes."""
    seen = 0

    async def application(scope: Any, receive: Any, send: Any) -> None:
        nonlocal seen
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            seen += len(message["body"])
            if not message["more_body"]:
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def body() -> Iterator[dict[str, Any]]:
        for at in range(0, sent, MIB):
            yield {"type": "http.request", "body": b"x" * min(MIB, sent - at), "more_body": at + MIB < sent}

    pieces, statuses = body(), []

    async def receive() -> Any:
        return next(pieces)

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    headers = [] if told is None else [(b"content-length", str(told).encode())]
    scope = {"type": "http", "path": path, "headers": headers}
    asyncio.run(BodyLimit(application)(scope, receive, send))
    [status] = statuses
    return status, seen


@pytest.mark.parametrize("path", ["/uploads/", "/api/v1/imports"])
def test_reports_may_be_as_large_as_uploads_may(path: str) -> None:
    assert ask(path, 20 * MIB, told=20 * MIB) == (200, 20 * MIB)
    assert ask(path, 22 * MIB, told=22 * MIB) == (413, 0)


def test_other_requests_are_small() -> None:
    assert ask("/login/", MIB) == (200, MIB)
    assert ask("/login/", 9 * MIB, told=9 * MIB) == (413, 0)


def test_a_body_that_tells_no_length_is_cut_off_where_it_passes_the_limit() -> None:
    status, seen = ask("/login/", 30 * MIB)
    assert (status, seen) == (413, 8 * MIB)


def test_a_told_length_that_is_no_number_is_not_believed() -> None:
    assert ask("/login/", 30 * MIB, told=-5)[0] == 413
