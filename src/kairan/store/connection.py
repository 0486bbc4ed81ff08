"""The psycopg connection under Django's, for COPY and set-based SQL inside Django's transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection


def raw_cursor() -> "psycopg.Cursor[tuple[Any, ...]]":
    """A plain server-side-parameter cursor on Django's connection and in its transaction."""
    connection.ensure_connection()
    wrapped: psycopg.Connection[tuple[Any, ...]] = connection.connection
    return psycopg.Cursor(wrapped)


@contextmanager
def beside() -> "Iterator[psycopg.Cursor[tuple[Any, ...]]]":
    """A connection beside Django's, on which each statement is committed at once.

    For what others must see, or what must be held, while a long transaction is open: progress, a claim.
    """
    second: psycopg.Connection[tuple[Any, ...]] = connection.get_new_connection(connection.get_connection_params())
    try:
        second.autocommit = True
        yield psycopg.Cursor(second)
    finally:
        second.close()
