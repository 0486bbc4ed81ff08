"""A store that is held against its invariants when the test is done, and ways to empty it in the middle of one."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.stores import Rows, broken_invariants, look

FACTS = ["event", "audit", "sighting", "held_closing", "snapshot", "reject", "run", "finding", "scope", "source"]
NAMES = [
    "epss",
    "advisory_identifier",
    "advisory",
    "alias_assertion",
    "identifier",
    "vulnerability",
    "asset_name",
    "asset",
]
CASES = [
    "delivery",
    "case_event",
    "case_finding",
    "decision",
    "case_part",
    "cases",
    "owner",
    "unrouted",
    "config_version",
    "ownership",
    "team",
]
TABLES = [*CASES, *FACTS, *NAMES, "package"]


@pytest.fixture
def sound_store(store: None) -> Iterator[None]:
    from kairan.store.connection import raw_cursor

    yield
    assert broken_invariants(raw_cursor()) == {}


@pytest.fixture
def emptied() -> Callable[[], None]:
    """Empties the store: one more history can begin."""

    def empty() -> None:
        from kairan.store.connection import raw_cursor

        raw_cursor().execute("UPDATE case_part SET decision_id = NULL")
        for table in TABLES:  # DELETE: on a few rows faster than TRUNCATE
            raw_cursor().execute(f"DELETE FROM {table}")

    return empty


@pytest.fixture
def seen() -> Callable[..., dict[str, Rows]]:
    """The store by natural keys; its invariants hold."""

    def see(*views: str) -> dict[str, Rows]:
        from kairan.store.connection import raw_cursor

        assert broken_invariants(raw_cursor()) == {}
        return look(raw_cursor(), *views)

    return see


@pytest.fixture
def cli(archive_home: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the real command on the test's database, with a data folder of its own."""
    from django.db import connection

    program = Path(sys.executable).with_name("kairan")

    def run(*words: object, stdin: bytes = b"", **more: Any) -> subprocess.CompletedProcess[str]:
        parts = connection.settings_dict
        at = f"host={quote(str(parts['HOST']), safe='')}&port={parts['PORT']}"
        url = f"postgresql://{parts['USER']}@/{parts['NAME']}?{at}"
        env = os.environ | {"DATABASE_URL": url, "KAIRAN_DATA": str(archive_home)} | more.pop("env", {})
        command = [str(program), *map(str, words)]
        done = subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=120, env=env, **more)
        return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())

    return run
