"""The psycopg connection under Django's, for COPY and set-based SQL inside Django's transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import psycopg
from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.backends.signals import connection_created

STATEMENT_SECONDS = 30  # no page needs a tenth of it
_bounded: ContextVar[bool] = ContextVar("statements are bounded", default=False)


def raw_cursor() -> "psycopg.Cursor[tuple[Any, ...]]":
    """A plain server-side-parameter cursor on Django's connection and in its transaction."""
    return psycopg.Cursor(raw_connection())


def raw_connection() -> "psycopg.Connection[tuple[Any, ...]]":
    """The connection under Django's."""
    connection.ensure_connection()
    wrapped: psycopg.Connection[tuple[Any, ...]] = connection.connection
    return wrapped


def another() -> "psycopg.Connection[tuple[Any, ...]]":
    """A connection of one's own, in autocommit as Django's is; to be closed by who opened it."""
    opened: psycopg.Connection[tuple[Any, ...]] = connection.get_new_connection(connection.get_connection_params())
    opened.autocommit = True
    return opened


@contextmanager
def beside() -> "Iterator[psycopg.Cursor[tuple[Any, ...]]]":
    """A connection beside Django's, on which each statement is committed at once.

    For what others must see, or what must be held, while a long transaction is open: progress, a claim.
    """
    second = another()
    try:
        yield psycopg.Cursor(second)
    finally:
        second.close()


@contextmanager
def bound_statements() -> Iterator[None]:
    """Connections that are opened within give a statement up after STATEMENT_SECONDS.

    For pages and the API. One process may serve them and import reports: so it is a matter of who opens a connection,
    not of the settings that all connections share.
    """
    before = _bounded.set(True)
    try:
        yield
    finally:
        _bounded.reset(before)


def gave_up(error: BaseException | None) -> bool:
    """Was a statement given up because it took too long? Django's error has psycopg's behind it."""
    return isinstance(error, psycopg.errors.QueryCanceled) or (
        error is not None and isinstance(error.__cause__, psycopg.errors.QueryCanceled)
    )


def _opened(connection: DatabaseWrapper, **_: object) -> None:
    if _bounded.get():
        with connection.cursor() as cursor:
            cursor.execute(f"set statement_timeout = '{STATEMENT_SECONDS}s'")


connection_created.connect(_opened, dispatch_uid="kairan.store.connection")
