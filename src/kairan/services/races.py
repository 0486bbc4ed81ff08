"""Database errors named for what they are: a lost race is tried again, a lost server is said."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import psycopg
from django.db import InterfaceError, OperationalError

from kairan.domain.errors import DatabaseError, KairanError

TRIES = 6

T = TypeVar("T")


class LostRaceError(KairanError):
    """The transaction was lost to another one; it can be tried again."""


def tried(attempt: Callable[[], T]) -> T:
    """The attempt's result; it is made again, a little later each time, where it lost a race."""
    for number in range(TRIES):
        try:
            with races():
                return attempt()
        except LostRaceError:
            if number == TRIES - 1:
                raise
            time.sleep(0.05 * 2**number)
    raise AssertionError("unreachable")


@contextmanager
def races() -> Iterator[None]:
    """Of a transaction that another one was in the way of."""
    try:
        yield
    except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure, psycopg.errors.UniqueViolation) as e:
        raise LostRaceError(f"other imports were in the way every time: {e}") from None
    except OperationalError as error:
        if isinstance(error.__cause__, psycopg.errors.DeadlockDetected):
            raise LostRaceError("other imports were in the way every time") from None
        raise


@contextmanager
def database() -> Iterator[None]:
    """Of all that can happen to a transaction, the server's going away included. Who holds Django's connection then
    closes it, so that Django connects anew."""
    try:
        with races():
            yield
    except (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError) as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise DatabaseError(f"the database went away ({first}): run the command again, nothing is half done") from None
