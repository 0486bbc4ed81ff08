"""The server's log: one file of bounded size, standard error of the server."""

import os
from pathlib import Path

from kairan.runtime.postgres.account import Account, open_owned

_MAX_BYTES = 8 * 1024 * 1024
_KEPT_BYTES = 512 * 1024


def log_path(home: Path) -> Path:
    return home / "server.log"


def open_log(home: Path, account: Account) -> int:
    """A descriptor on the log. Opened to append, so that the server writes on correctly after the file is cut short."""
    return open_owned(log_path(home), os.O_RDWR | os.O_APPEND, account)


def trim_log(data_dir: Path) -> None:
    """Cut the log down to its end once it is large. Done at each start and stop; long-lived commands may call it."""
    try:
        log = os.open(log_path(data_dir / "postgres"), os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return
    try:
        size = os.fstat(log).st_size
        if size > _MAX_BYTES:
            kept = os.pread(log, _KEPT_BYTES, size - _KEPT_BYTES)
            os.ftruncate(log, 0)
            os.write(log, kept)
    finally:
        os.close(log)


def log_tail(home: Path, start: int) -> str:
    """The last 15 lines written from offset `start` on, indented."""
    try:
        log = os.open(log_path(home), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        return f"    ({error})"
    try:
        size = os.fstat(log).st_size
        text = os.pread(log, 16_000, max(min(start, size), size - 16_000)).decode(errors="replace")
    finally:
        os.close(log)
    return "\n".join(f"    {line}" for line in text.splitlines()[-15:])
