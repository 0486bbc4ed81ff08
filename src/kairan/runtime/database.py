"""Which database: `DATABASE_URL` for a server, otherwise the embedded PostgreSQL of the data folder."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from kairan.domain.errors import ConfigError

URL = "DATABASE_URL"
_EMBEDDED = "KAIRAN_EMBEDDED_DATABASE"  # set by the process that holds the embedded server, read by its children


def database_settings() -> dict[str, Any]:
    """Django's `DATABASES["default"]`. Without a URL the settings name a database that nothing listens on yet."""
    url = os.environ.get(URL) or os.environ.get(_EMBEDDED) or "postgresql:///kairan"
    try:
        parts = {key: str(value) for key, value in conninfo_to_dict(url).items() if value is not None}
    except Exception as error:  # noqa: BLE001 - psycopg raises several kinds for a malformed URL
        raise ConfigError(f"{URL} is not a PostgreSQL URL (postgresql://user@host:5432/name): {error}") from None
    named = {key: parts.pop(key, "") for key in ("dbname", "user", "password", "host", "port")}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": named["dbname"] or "kairan",
        "USER": named["user"],
        "PASSWORD": named["password"],
        "HOST": named["host"],
        "PORT": named["port"],
        "CONN_MAX_AGE": 0,
        "OPTIONS": {**parts, "application_name": "kairan"},
    }


@contextmanager
def database(*, say: Callable[[str], None] | None = None) -> Iterator[None]:
    """Have a database for as long as the block runs: start or join the embedded server unless a URL names one.

    `say` is told what takes time.
    """
    if os.environ.get(URL) or os.environ.get(_EMBEDDED):
        yield
        return
    from kairan.runtime import postgres

    with postgres.serve(postgres.default_data_dir(), say=say or (lambda _: None)) as conninfo:
        os.environ[_EMBEDDED] = conninfo
        _held.append(postgres.default_data_dir())
        try:
            yield
        finally:
            _held.clear()
            os.environ.pop(_EMBEDDED, None)


_held: list[Path] = []


def revive() -> None:
    """Start the embedded server again if it died under us; nothing where a URL names a server."""
    if _held:
        from kairan.runtime import postgres

        with postgres.serve(_held[0]):
            pass
