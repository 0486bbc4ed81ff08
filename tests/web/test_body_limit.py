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


def ask(path: str, sent: int, *, told: int | None = None, admitted: bool = True) -> tuple[int, int]:
    """(status, bytes that the application saw) of a request with a body of `sent` bytes.

    `admitted`: its sender may import."""
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

    headers = [(b"transfer-encoding", b"chunked")] if told is None else [(b"content-length", str(told).encode())]
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers}
    asyncio.run(BodyLimit(application, lambda path, headers: admitted)(scope, receive, send))
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


@pytest.mark.parametrize("path", ["/uploads/1/", "/uploads/x", "/api/v1/imports/1", "/api/v1/importsx"])
def test_only_the_addresses_that_take_reports_take_large_bodies(path: str) -> None:
    assert ask(path, 9 * MIB, told=9 * MIB) == (413, 0)


@pytest.mark.parametrize("path", ["/uploads/", "/api/v1/imports"])
def test_strangers_send_nothing_large(path: str) -> None:
    assert ask(path, MIB, told=MIB, admitted=False) == (200, MIB)
    assert ask(path, 9 * MIB, told=9 * MIB, admitted=False) == (413, 0)
    assert ask(path, 20 * MIB, admitted=False) == (413, 8 * MIB)


def test_only_some_large_bodies_come_in_at_once() -> None:
    gone_on = asyncio.Event()
    answers: list[tuple[int, dict[bytes, bytes]]] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await gone_on.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answers.append((message["status"], dict(message["headers"])))

    async def receive() -> Any:
        raise AssertionError("unreachable")

    async def five() -> None:
        limited = BodyLimit(application, lambda path, headers: True)
        headers = [(b"content-length", str(9 * MIB).encode())]
        scope = {"type": "http", "method": "POST", "path": "/api/v1/imports", "headers": headers}
        asked = [asyncio.create_task(limited(scope, receive, send)) for _ in range(5)]
        while not answers:
            await asyncio.sleep(0.01)
        gone_on.set()
        await asyncio.gather(*asked)
        await limited(scope, receive, send)

    asyncio.run(five())
    assert [status for status, _ in answers] == [503, 200, 200, 200, 200, 200]
    assert answers[0][1][b"retry-after"].isdigit()


def test_large_bodies_are_for_people_who_may_import(person: Any) -> None:
    from datetime import UTC, datetime

    from django.test import Client

    from kairan.services import tokens
    from kairan.web.senders import may_import

    def cookie(role: str, **said: Any) -> dict[str, str]:
        client = Client()
        client.force_login(person(role, **said))
        return {"cookie": f"a=b; sessionid={client.cookies['sessionid'].value}"}

    def bearer(role: str, scope: str) -> dict[str, str]:
        text, _ = tokens.create(person(role).pk, "ci", scope, None, datetime.now(UTC), "")
        return {"authorization": f"Bearer {text}"}

    page, api = "/uploads/", "/api/v1/imports"
    triager, writer = cookie("triager"), bearer("triager", "write")
    assert may_import(page, triager)
    assert may_import(api, triager)
    assert may_import(api, writer)
    for path, headers in (
        (page, {}),
        (page, {"cookie": "sessionid=made-up"}),
        (page, cookie("viewer")),
        (page, cookie("administrator", is_active=False)),
        (page, writer),
        (api, {}),
        (api, triager | {"authorization": "Bearer made-up"}),
        (api, bearer("triager", "read")),
        (api, bearer("viewer", "write")),
    ):
        assert not may_import(path, headers), (path, headers)
