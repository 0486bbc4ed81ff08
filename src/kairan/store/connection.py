"""The psycopg connection under Django's, for COPY and set-based SQL inside Django's transaction."""

from typing import Any

import psycopg
from django.db import connection


def raw_cursor() -> "psycopg.Cursor[tuple[Any, ...]]":
    """A plain server-side-parameter cursor on Django's connection and in its transaction."""
    connection.ensure_connection()
    wrapped: psycopg.Connection[tuple[Any, ...]] = connection.connection
    return psycopg.Cursor(wrapped)
