"""What destinations said to us, each thing once (models.Heard)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
import psycopg

from kairan.store.queries.case_facts import decoded

Cursor = psycopg.Cursor[tuple[Any, ...]]


def is_new(cursor: Cursor, destination: str, key: str, now: datetime) -> bool:
    """Keep that it was said. False: it was said before. Who says it at the same moment waits for our transaction."""
    cursor.execute(
        "INSERT INTO heard (destination, key, at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING", (destination, key, now)
    )
    return cursor.rowcount == 1


def keep_answer(cursor: Cursor, destination: str, key: str, answer: Mapping[str, Any]) -> None:
    cursor.execute(
        "UPDATE heard SET answer = %s WHERE destination = %s AND key = %s",
        (msgspec.json.encode(answer).decode(), destination, key),
    )


def answer(cursor: Cursor, destination: str, key: str) -> Mapping[str, Any]:
    """What it was acknowledged with; {} while that is not known."""
    cursor.execute("SELECT answer FROM heard WHERE destination = %s AND key = %s", (destination, key))
    row = cursor.fetchone()
    found: Mapping[str, Any] = (decoded(row[0]) or {}) if row else {}
    return found


def is_done(cursor: Cursor, destination: str, key: str) -> bool:
    """Was it done, that is: answered? Within a transaction nobody else does it until that ends."""
    cursor.execute(
        "SELECT answer IS NOT NULL FROM heard WHERE destination = %s AND key = %s FOR UPDATE", (destination, key)
    )
    row = cursor.fetchone()
    return bool(row and row[0])


def forget(cursor: Cursor, destination: str, key: str) -> None:
    """It could not be done: said again, it is new."""
    cursor.execute(
        "DELETE FROM heard WHERE destination = %s AND key = %s AND answer IS NULL",
        (destination, key),
    )


def prune(cursor: Cursor, before: datetime) -> int:
    cursor.execute("DELETE FROM heard WHERE at < %s", (before,))
    return cursor.rowcount
