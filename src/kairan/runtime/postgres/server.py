"""One embedded server: make its cluster, find out whether it runs, start it, stop it.

Callers hold the start lock throughout (see the package), so nobody else starts or stops at the same time.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg.pq import PGconn, Ping

from kairan.domain.errors import DatabaseError
from kairan.runtime.postgres.account import MAJOR, Account, owned_folder, programs, remove_all
from kairan.runtime.postgres.log import log_path, log_tail, open_log, trim_log
from kairan.runtime.postgres.processes import command_of, listener_of, pids
from kairan.runtime.postgres.settings import access_map, access_rules, memory_bytes, server_settings
from kairan.runtime.postgres.socket_folder import SOCKET, forget_socket_folder, socket_folder

STALL_SECONDS = 300.0
"""How long a living server may show no sign of progress before we give up on it."""
SILENT_SECONDS = 15.0
"""How long a living server may have no socket (its folder was swept away) before it is restarted."""
ORPHAN_SECONDS = 60.0
"""How long backends of a killed server may take to go, after they were told to."""
STOP_SECONDS = 120.0
_OWN_SERVER = "Or set DATABASE_URL to a PostgreSQL of your own."


class Server:
    """The server in `home` (`<data>/postgres`), run as `account`. Attribute `url` leads to the database `kairan`."""

    def __init__(self, home: Path, account: Account, say: Callable[[str], None]) -> None:
        self._account = account
        self._say = say
        self._home = home
        self._cluster = home / "data"
        self._run = socket_folder(home, account)
        self._said: set[str] = set()
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0
        self._orphans_since: float | None = None
        self.url = self._url("kairan")

    def ensure(self) -> None:
        """Join the server if it runs, else start it; return when it takes connections and has the database.

        Waits for a start or crash recovery as long as it gets on. Raises DatabaseError with the end of the log.
        """
        trim_log(self._home.parent)
        patience = _Patience(self._signs)
        while (answer := self._ping()) is not Ping.OK:
            if answer is not Ping.REJECT:
                self._revive(patience)
            elif patience.total_seconds() > 3:
                self._say_once("PostgreSQL is not ready yet: it is recovering, starting or stopping. Waiting.")
            if patience.stalled_seconds() > STALL_SECONDS:
                raise self._failure(f"PostgreSQL has made no progress for {STALL_SECONDS:.0f} seconds.")
            time.sleep(0.02 if patience.total_seconds() < 2 else 0.2)
        self._ensure_database()

    def stop(self) -> None:
        """Fast shutdown: sessions are ended, everything is written. Returns when the server has gone."""
        child = self._process.pid if self._process and self._process.poll() is None else None
        pid = listener_of(self._run / SOCKET) or self._postmaster() or child
        if pid is not None:
            self._interrupt(pid)
        if self._process is not None and pid == child:
            self._process.wait()
        trim_log(self._home.parent)
        forget_socket_folder(self._home, self._run)

    def let_go(self) -> None:
        """Leave the server running for others."""
        if self._process is not None and self._process.poll() is None:
            self._process.returncode = 0  # not ours to wait for: no ResourceWarning

    # -- is it there?

    def _url(self, database: str) -> str:
        return f"postgresql://kairan@/{database}?host={quote(str(self._run), safe='')}&port=5432"

    def _ping(self) -> Ping:
        return Ping(PGconn.ping(f"{self._url('postgres')}&connect_timeout=5".encode()))

    def _mark(self) -> str:
        """What marks this cluster's processes in their command lines. Holds across renames; differs on other disks."""
        found = self._cluster.stat()
        return f"kairan-{found.st_dev:x}-{found.st_ino:x}"

    def _noted_pid(self) -> int | None:
        """The pid in postmaster.pid, which may be stale, or meanwhile another's."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            return int((self._cluster / "postmaster.pid").read_text().splitlines()[0])
        return None

    def _is_postmaster(self, pid: int) -> bool:
        return f"cluster_name={self._mark()} " in command_of(pid)

    def _postmaster(self) -> int | None:
        pid = self._noted_pid()
        return pid if pid is not None and self._is_postmaster(pid) else None

    def _signs(self) -> tuple[object, ...]:
        """What changes while a server gets on with starting, recovering or stopping."""
        return (self._noted_pid(), _times(log_path(self._home)), _times(self._cluster / "global/pg_control"))

    # -- start

    def _revive(self, patience: "_Patience") -> None:
        """Nobody answers: wait for our child, restart a server that lost its socket, or start one."""
        if self._process is not None:
            if self._process.poll() is None:
                return
            self._explain_death()
            self._launch()
        elif (pid := self._postmaster()) is None:
            self._launch()
        elif patience.total_seconds() > SILENT_SECONDS:
            self._say("PostgreSQL runs but has lost its socket. Restarting it.")
            self._interrupt(pid)

    def _launch(self) -> None:
        remove_all(self._home, "data.new-*")
        if not (self._cluster / "PG_VERSION").exists():
            self._make_cluster()
        self._check_version()
        self._configure()
        log = open_log(self._home, self._account)
        try:
            self._log_start = os.fstat(log).st_size
            self._process = self._account.spawn(*self._command(), log=log, **self._stale_pid())
        finally:
            os.close(log)

    def _command(self) -> list[str | Path]:
        settings = {
            "cluster_name": self._mark(),
            "listen_addresses": "",
            "port": "5432",
            "unix_socket_directories": f'"{self._run}"',
            "unix_socket_permissions": "0700",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [self._programs() / "postgres", "-D", self._cluster, *options]

    def _programs(self) -> Path:
        return programs(self._account, self._home, self._say)

    def _stale_pid(self) -> dict[str, str]:
        """Tell PostgreSQL that the noted pid is not a server's, even if some process has it by now.

        It holds a pid file for stale when it names itself, its parent or this one. Unlike removing the file, this
        leaves it the file's other use: finding backends of a killed server that still use the cluster.
        """
        pid = self._noted_pid()
        return {} if pid is None else {"PG_GRANDPARENT_PID": str(pid)}

    def _configure(self) -> None:
        self._account.write(self._cluster / "postgresql.conf", server_settings(memory_bytes()))
        self._account.write(self._cluster / "pg_hba.conf", access_rules())
        self._account.write(self._cluster / "pg_ident.conf", access_map(self._account.name))

    def _check_version(self) -> None:
        version = (self._cluster / "PG_VERSION").read_text().strip()
        if version != str(MAJOR):
            raise DatabaseError(
                f"{self._cluster} was made by PostgreSQL {version}; this Kairan carries {MAJOR}. Save its content with "
                "the Kairan that made it (pg_dump), move the folder away, start again and load it (pg_restore). "
                + _OWN_SERVER
            )

    def _make_cluster(self) -> None:
        """Make the cluster under another name, then rename: a kill in between leaves nothing half-made."""
        self._say(f"Making a new database in {self._cluster}.")
        staging = owned_folder(self._account, self._home, "data.new-")
        locale = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        access = ("--username=kairan", "--auth-local=peer", "--auth-host=reject")
        done = self._account.run(self._programs() / "initdb", "-D", staging, *locale, *access)
        if done.returncode:
            remove_all(self._home, "data.new-*")
            raise DatabaseError(f"A new database cannot be made in {self._home}:\n{done.stderr.strip()[-2000:]}")
        try:
            staging.rename(self._cluster)
        except OSError as error:
            remove_all(self._home, "data.new-*")
            raise DatabaseError(
                f"{self._cluster} is there but is not a PostgreSQL data folder ({error}). Move it away, or set "
                "KAIRAN_DATA to another folder."
            ) from error
        _sync_folder(self._home)

    def _ensure_database(self) -> None:
        try:
            with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'kairan'").fetchone():
                    # A command killed just now may have left a backend that is making it.
                    with contextlib.suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                        connection.execute("CREATE DATABASE kairan")
        except psycopg.Error as error:
            raise self._failure(f"PostgreSQL runs but does not let us in: {str(error).strip()}") from error

    # -- stop

    def _interrupt(self, pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        end = time.monotonic() + STOP_SECONDS
        while self._cluster.exists() and self._is_postmaster(pid):
            if time.monotonic() > end:
                raise self._failure(f"PostgreSQL (process {pid}) has not stopped in {STOP_SECONDS:.0f} seconds.")
            time.sleep(0.02)

    # -- what went wrong

    def _explain_death(self) -> None:
        """Our child has died: raise DatabaseError, or return when starting again may work."""
        if "pre-existing shared memory block" not in self._log_tail():
            raise self._failure("PostgreSQL does not start.")
        now = time.monotonic()
        self._orphans_since = self._orphans_since or now
        if now - self._orphans_since > ORPHAN_SECONDS:
            raise self._failure("Processes of a killed PostgreSQL still use the database and do not go.")
        self._dismiss_orphans()
        time.sleep(0.3)

    def _dismiss_orphans(self) -> None:
        """Tell backends whose server was killed to go. PostgreSQL's own hint; they have lost their server anyhow."""
        title = f"postgres: {self._mark()}: "
        for pid in pids():
            if command_of(pid).startswith(title):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGQUIT)

    def _failure(self, what: str) -> DatabaseError:
        return DatabaseError(
            f"{what}\nThe end of {log_path(self._home)}:\n{self._log_tail()}\n"
            f"Set right what it says (a full disk? no memory?) and try again. {_OWN_SERVER}"
        )

    def _log_tail(self) -> str:
        return log_tail(self._home, self._log_start)

    def _say_once(self, message: str) -> None:
        if message not in self._said:
            self._said.add(message)
            self._say(message)


class _Patience:
    """Measures how long nothing has changed in `signs`."""

    def __init__(self, signs: Callable[[], object]) -> None:
        self._signs = signs
        self._last = signs()
        self._begun = self._changed = time.monotonic()

    def total_seconds(self) -> float:
        return time.monotonic() - self._begun

    def stalled_seconds(self) -> float:
        if (now := self._signs()) != self._last:
            self._last, self._changed = now, time.monotonic()
        return time.monotonic() - self._changed


def _times(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
