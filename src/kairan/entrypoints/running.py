"""How every command runs: with its database, and with errors as one line and an exit code."""

import getpass
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec

import click

from kairan.domain.errors import ConfigError, DatabaseError, KairanError
from kairan.entrypoints.django_setup import migrate, setup
from kairan.runtime.database import database

P = ParamSpec("P")
FAILED, BAD_INPUT, HELD, INTERRUPTED = 1, 2, 3, 130


@contextmanager
def store(*, say: Callable[[str], None] | None = None, serving: bool = False) -> Iterator[None]:
    """A database that is there, up to date, and known to Django. `serving`: with the key that signs sessions."""
    with database(say=say):
        setup(serving=serving)
        applied = migrate()
        if applied and say:
            say(f"The database is up to date ({applied} migrations).")
        try:
            yield
        finally:
            from django.db import connections

            connections.close_all()


def command(function: Callable[P, int | None]) -> Callable[P, None]:
    """Errors become one line and an exit code; a person sees no traceback."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            sys.exit(function(*args, **kwargs) or 0)
        except KairanError as error:
            _complain(f"kairan: {error}")
            sys.exit(BAD_INPUT if isinstance(error, ConfigError) else FAILED)
        except KeyboardInterrupt:
            _complain("kairan: interrupted; what was finished is kept, nothing is half done")
            sys.exit(INTERRUPTED)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(FAILED)
        except Exception as error:  # the runner: what nobody foresaw is still one line for a person
            if os.environ.get("KAIRAN_DEBUG"):
                raise
            sys.exit(_unforeseen(error))

    return run


def actor() -> str:
    """Whom the audit names for what is typed here."""
    try:
        return f"{getpass.getuser()} (command line)"
    except (KeyError, OSError):
        return f"uid {os.getuid()} (command line)"


def _unforeseen(error: Exception) -> int:
    import psycopg
    from django.db import Error

    if isinstance(error, Error | psycopg.Error):
        _complain(f"kairan: {DatabaseError(f'the database refused: {_first_line(error)}')}")
    else:
        where = f"{type(error).__name__}: {_first_line(error)}"
        _complain(f"kairan: this is a fault of Kairan ({where}); KAIRAN_DEBUG=1 shows where")
    return FAILED


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _complain(message: str) -> None:
    from kairan.entrypoints.terminal import complain

    complain(message)


as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
