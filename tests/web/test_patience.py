"""No page and no script keeps the database busy for ever; the worker may."""

import asyncio
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from psycopg.errors import QueryCanceled

from kairan.entrypoints.patience import Patience
from kairan.store.connection import bound_statements


def timeout() -> str:
    """Of a connection that is opened now."""
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("show statement_timeout")
        return str(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_only_connections_of_requests_give_up() -> None:
    with bound_statements():
        assert timeout() == "30s"
    assert timeout() == "0"


def test_every_request_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    from kairan.store import connection as store

    seen = []

    async def application(*_: Any) -> None:
        seen.append(store._bounded.get())

    asyncio.run(Patience(application)({"type": "http"}, None, None))  # type: ignore[arg-type]  # never called
    assert seen == [True]


@pytest.fixture
def slow(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every query of findings takes too long."""

    def given_up(*_: Any, **__: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("set local statement_timeout = '1ms'")
            cursor.execute("select pg_sleep(1)")

    monkeypatch.setattr("kairan.web.findings.views._found", given_up)
    monkeypatch.setattr("kairan.store.queries.listing.page", given_up)


def test_a_page_that_takes_too_long_says_so(slow: None, person: Any) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(person("viewer"))
    answer = client.get("/findings/")
    assert answer.status_code == 503
    assert "This took too long" in answer.content.decode()


def test_a_script_gets_a_problem(slow: None, person: Any) -> None:
    client = Client()
    client.force_login(person("viewer"))
    answer = client.get("/api/v1/findings")
    assert (answer.status_code, answer.json()["type"]) == (503, "/api/v1/problems/too-slow")


def test_an_error_of_psycopg_itself_counts_as_well(person: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def given_up(*_: Any, **__: Any) -> None:
        raise QueryCanceled

    monkeypatch.setattr("kairan.store.queries.listing.page", given_up)
    client = Client()
    client.force_login(person("viewer"))
    assert client.get("/api/v1/findings").json()["type"] == "/api/v1/problems/too-slow"
