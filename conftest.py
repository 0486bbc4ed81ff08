"""The suite's ground: one real PostgreSQL for all tests, and nothing leaves loopback.

The server is Kairan's own embedded one, or, with KAIRAN_TEST_POSTGRES=/usr/lib/postgresql/15/bin, a throwaway
cluster of those binaries: the suite also runs on the oldest version Kairan supports.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent
_stack = ExitStack()

for name in ("DATABASE_URL", "KAIRAN_ARCHIVE_URL", "KAIRAN_HOSTS", "KAIRAN_TLS", "KAIRAN_PROXIES", "KAIRAN_DEMO"):
    os.environ.pop(name, None)
os.environ.update(DJANGO_SETTINGS_MODULE="kairan.settings", KAIRAN_SECRET_KEY="only-for-tests")


def _make_home() -> Path:
    """A data folder that the server's own account can reach (pytest's tmp_path is 0700)."""
    home = Path(tempfile.mkdtemp(prefix="kairan-test-"))
    home.chmod(0o755)
    _stack.callback(shutil.rmtree, home, ignore_errors=True)
    return home


@contextmanager
def _debian_server(binaries: Path, home: Path) -> Iterator[str]:
    """A throwaway cluster of an installed PostgreSQL, on a socket of its own."""
    from kairan.runtime.postgres.account import account_for

    as_user: dict[str, Any] = {}
    if os.geteuid() == 0:
        account = account_for(home, lambda _: None)
        as_user = {"user": account.uid, "group": account.gid, "extra_groups": []}
        os.chown(home, account.uid, account.gid)
    folder = home / "cluster"
    command = [binaries / "initdb", "-D", folder, "-A", "trust", "-U", "kairan", "-E", "UTF8", "--locale=C.UTF-8"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=home, **as_user)
    options = ["-D", folder, "-k", home, "-c", "listen_addresses=", "-c", "fsync=off"]
    server = subprocess.Popen([binaries / "postgres", *options], stderr=subprocess.DEVNULL, cwd=home, **as_user)
    try:
        url = f"postgresql://kairan@/postgres?host={home}"
        for _ in range(200):
            if subprocess.run([binaries / "pg_isready", "-q", "-h", home], check=False).returncode == 0:
                break
            time.sleep(0.05)
        yield url
    finally:
        server.terminate()
        server.wait()


# Django's own way truncates every table after each test, which costs more than most tests: files are made anew for
# each table and index. Where few rows were written they are deleted; no trigger or foreign key looks at the order. What
# other threads of the test still write is waited for, as a TRUNCATE does; what PostgreSQL thinks of sizes may stay.
_EMPTY = """
    DO $$
    DECLARE name text; number int; waited int := 0;
    BEGIN
        WHILE waited < 500 AND EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
            AND backend_type = 'client backend' AND xact_start IS NOT NULL AND pid <> pg_backend_pid())
        LOOP
            PERFORM pg_sleep(0.02), pg_stat_clear_snapshot();
            waited := waited + 1;
        END LOOP;
        SET LOCAL session_replication_role = replica;
        FOR name IN SELECT format('%I', tablename) FROM pg_tables WHERE schemaname = 'public'
            AND tablename NOT IN ('django_migrations', 'django_content_type', 'auth_permission')
        LOOP
            EXECUTE format('SELECT count(*) FROM (SELECT FROM %s LIMIT 1000) few', name) INTO number;
            IF number = 1000 THEN EXECUTE format('TRUNCATE %s CASCADE', name);
            ELSIF number > 0 THEN EXECUTE format('DELETE FROM %s', name);
            END IF;
        END LOOP;
    END $$
"""


def _empty_the_store(_test: object) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(_EMPTY)


def pytest_configure(config: pytest.Config) -> None:
    if "KAIRAN_TEST_URL" not in os.environ:  # workers of xdist inherit it from the process that started them
        home = _make_home()
        os.environ["KAIRAN_DATA"] = str(home)
        binaries = os.environ.get("KAIRAN_TEST_POSTGRES")
        if binaries:
            url = _stack.enter_context(_debian_server(Path(binaries), home))
        else:
            from kairan.runtime import postgres

            url = _stack.enter_context(postgres.serve(home))
        os.environ["KAIRAN_TEST_URL"] = url
    os.environ["DATABASE_URL"] = os.environ["KAIRAN_TEST_URL"]
    import django

    django.setup()
    from django.test import TransactionTestCase

    TransactionTestCase._fixture_teardown = _empty_the_store  # type: ignore[method-assign]


def pytest_itemcollected(item: pytest.Item) -> None:
    if "cli" in getattr(item, "fixturenames", ()):
        item.add_marker("commands")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first: beside them there is always something else to do, at the end there is not."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_unconfigure(config: pytest.Config) -> None:
    _stack.close()


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that reaches for the network fails."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6} and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            raise AssertionError(f"a test reached for {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def archive_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty data folder for this test's archive."""
    monkeypatch.setenv("KAIRAN_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def store(transactional_db: None, archive_home: Path) -> None:
    """An empty store and an empty archive, with real transactions."""


SHARED = ROOT.parent / "shared"


def lent(path: Path) -> Path:
    """What nobody here wrote lies beside the project. Skipped visibly where none of it is; where some is and
    KAIRAN_REQUIRE_ALL says so, what is missing is a failure."""
    if not path.exists():
        if os.environ.get("KAIRAN_REQUIRE_ALL") and SHARED.is_dir():
            pytest.fail(f"{path} is missing")
        pytest.skip(f"{path} is not there")
    return path


def corpus_folder() -> Path:
    return Path(os.environ.get("KAIRAN_CORPUS", SHARED / "corpus"))


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Real reports nobody here wrote."""
    return lent(corpus_folder())


@pytest.fixture(scope="session")
def seed_article() -> str:
    """The article on Dependabot alerts, as its author wrote it."""
    return lent(SHARED / "seeds" / "000_dc80aa85eebecca7.txt").read_text(encoding="utf-8")
