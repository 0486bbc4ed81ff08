"""The PostgreSQL that comes with Kairan: started by the first command that needs it, stopped by the last.

How it works, in four sentences. Every command holds a shared lock on `holders.lock` while it is inside `serve`; the
kernel drops that lock however the command ends. Whoever can take it alone on leaving is the last, and stops the server.
Starting and stopping happen under an exclusive `start.lock`, so nobody is handed a server that is about to go. Whether
a server runs is found out by connecting to its socket, never from a pid file alone.

    <data>/postgres/        owned by the server's account, 0700
        data/               the cluster
        run/                the socket's folder, 0700 (in /tmp, named by `run.path`, where the path would be too long)
        server.log          bounded by `trim_log`
        holders.lock  start.lock
"""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from kairan.domain.errors import DatabaseError
from kairan.runtime.postgres.account import Account, account_for, open_owned, prepare_home
from kairan.runtime.postgres.log import trim_log
from kairan.runtime.postgres.server import Server

__all__ = ["default_data_dir", "serve", "trim_log"]


def default_data_dir() -> Path:
    """Where Kairan keeps everything: `KAIRAN_DATA`, else `~/.local/share/kairan`, or `/var/lib/kairan` for root."""
    if given := os.environ.get("KAIRAN_DATA"):
        return Path(given).expanduser().absolute()
    return Path("/var/lib/kairan") if os.geteuid() == 0 else Path.home() / ".local/share/kairan"


def _quiet(_message: str) -> None:
    pass


@contextlib.contextmanager
def serve(data_dir: Path, *, say: Callable[[str], None] = _quiet) -> Iterator[str]:
    """Yield the URL of database `kairan` on the embedded server in `data_dir`, running as long as anyone is inside.

    The URL is libpq's (`postgresql://kairan@/kairan?host=...`), good for psycopg and for `DATABASE_URL` of a child.
    `say` is told, in one line each, of what takes time. Raises DatabaseError when the server cannot be started.
    May be entered several times, also in one process.
    """
    account, home = _prepare(data_dir, say)
    inside = os.getpid()
    with _lock_file(home, "start.lock", account) as start, _lock_file(home, "holders.lock", account) as holders:
        with _alone(start, say):
            fcntl.flock(holders, fcntl.LOCK_SH)
            server = Server(home, account, say)
            try:
                server.ensure()
            except BaseException:
                with contextlib.suppress(DatabaseError):  # the first error says more
                    _leave(holders, server)
                raise
        try:
            yield server.url
        finally:
            if os.getpid() == inside:  # a forked child shares our locks and must not give them up
                with _alone(start, say):
                    _leave(holders, server)


def _prepare(data_dir: Path, say: Callable[[str], None]) -> tuple[Account, Path]:
    try:
        data_dir = data_dir.resolve()
        account = account_for(data_dir, say)
        return account, prepare_home(data_dir, account)
    except OSError as error:
        raise DatabaseError(
            f"The data folder {data_dir} cannot be used: {error}. Set KAIRAN_DATA to a folder you may write to."
        ) from error


@contextlib.contextmanager
def _lock_file(home: Path, name: str, account: Account) -> Iterator[int]:
    try:
        descriptor = open_owned(home / name, os.O_RDWR, account)
    except OSError as error:
        raise DatabaseError(
            f"{home / name} cannot be opened: {error}. Run Kairan as the user {account.name!r} or as root."
        ) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _alone(start: int, say: Callable[[str], None]) -> Iterator[None]:
    """Be the only one who starts, joins or stops. Waits as long as another does: it has its own limits."""
    try:
        fcntl.flock(start, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("Waiting for another Kairan command that is starting or stopping PostgreSQL.")
        fcntl.flock(start, fcntl.LOCK_EX)
    except OSError as error:
        raise DatabaseError(
            f"The data folder cannot be locked: {error}. Keep it on a disk of this machine: set KAIRAN_DATA."
        ) from error
    try:
        yield
    finally:
        fcntl.flock(start, fcntl.LOCK_UN)


def _leave(holders: int, server: Server) -> None:
    """Give up our hold, and stop the server if nobody else has one. The caller holds the start lock."""
    try:
        fcntl.flock(holders, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        server.let_go()
    else:
        server.stop()
    finally:
        fcntl.flock(holders, fcntl.LOCK_UN)
