"""What the log must not hold: a link that makes somebody an administrator."""

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from kairan.runtime.logging import WithoutTokens, clean_records

TOKEN = "A-secret_token.that~lets+in"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the handlers of the root logger write."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    logging.getLogger().addHandler(handler)
    clean_records()
    yield written
    logging.getLogger().removeHandler(handler)


def test_a_form_without_its_cookie_leaves_no_token_in_the_log(db: None, log: io.StringIO) -> None:
    assert Client(enforce_csrf_checks=True).post(f"/setup/{TOKEN}/").status_code == 403
    assert "/setup/…/" in log.getvalue()
    assert TOKEN not in log.getvalue()


def test_nor_does_a_page_that_fails(db: None, log: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ValueError(f"cannot answer /setup/{TOKEN}/")

    monkeypatch.setattr("kairan.services.accounts.look_at", broken)
    assert Client(raise_request_exception=False).get(f"/setup/{TOKEN}/").status_code == 500
    assert "/setup/…/" in log.getvalue()
    assert "Traceback" in log.getvalue()
    assert TOKEN not in log.getvalue()


def test_what_a_visitor_may_not_see_is_one_line(viewer: Client, log: io.StringIO) -> None:
    assert viewer.get("/people/").status_code == 403
    assert log.getvalue().splitlines() == ["Forbidden (Permission denied): /people/"]


@pytest.mark.parametrize("name", ["django.request", "django.security.csrf", "uvicorn.error", "uvicorn.access"])
def test_other_servers_with_handlers_of_their_own_write_none_either(name: str) -> None:
    clean_records()
    clean_records()
    filters = [each for each in logging.getLogger(name).filters if isinstance(each, WithoutTokens)]
    record = logging.LogRecord(name, logging.ERROR, "", 0, "%s of %s", ("GET", f"/setup/{TOKEN}/?x"), None)
    assert len(filters) == 1
    assert filters[0].filter(record)
    assert record.getMessage() == "GET of /setup/…/?x"


def test_other_lines_stay_as_they_are() -> None:
    record = logging.LogRecord("x", logging.ERROR, "", 0, "%s %d", ("a", 1), None)
    assert WithoutTokens().filter(record)
    assert (record.msg, record.args) == ("%s %d", ("a", 1))
