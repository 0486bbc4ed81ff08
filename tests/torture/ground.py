"""What a torture stands on: data folders with embedded servers, reports to read, commands to run, an outside reader."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from kairan.runtime import postgres
from tests.reports import record, report
from tests.stores import broken_invariants
from tests.torture.tally import Tally

KAIRAN = Path(sys.executable).with_name("kairan")
IMAGES, RECORDS = 3, (300, 1500)
FIRST = datetime(2025, 1, 1, tzinfo=UTC)
Process = subprocess.Popen[str]


@dataclass
class Ground:
    """One folder with a data folder `home`, and more beside it where a kind of round needs its own."""

    folder: Path
    tally: Tally
    files: list[Path] = field(default_factory=list)
    pace: float = 1.0  # seconds that an undisturbed import takes on this machine
    kept: dict[str, Any] = field(default_factory=dict)  # what a kind of round keeps for its next one

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def find_pace(self, warm_up: Path, measured: Path) -> None:
        """Import two reports; the first makes the store, the second tells how long one takes here."""
        for file in (warm_up, measured):
            started = time.monotonic()
            if wrong := complaint(start_import(self.home, file)):
                self.fail("before all rounds", wrong)
            self.pace = time.monotonic() - started

    def fail(self, when: str, what: str) -> None:
        self.tally.failures.append(f"{when}: {what}")

    def check(self, when: str, home: Path | None = None) -> None:
        """Hold a store against its invariants, and its archive against what its runs refer to."""
        home = home or self.home
        with reader(home) as cursor:
            if broken := broken_invariants(cursor):
                self.fail(when, str(broken))
            cursor.execute("SELECT DISTINCT archived FROM run WHERE archived <> ''")
            gone = [key for (key,) in cursor.fetchall() if not (home / "archive" / f"{key}.meta.json").is_file()]
            if gone:
                self.fail(when, f"runs refer to what is not in the archive: {gone[:3]}")


def start(
    home: Path, *words: object, program: tuple[object, ...] = (KAIRAN,), stdin: int | None = None, **more: str
) -> Process:
    """Start a command of Kairan on a data folder. `more` goes into its environment."""
    env = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "KAIRAN_HOSTS"}}
    env |= {"KAIRAN_DATA": str(home), "KAIRAN_DEBUG": ""} | more
    pipe: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "stdin": stdin}
    return subprocess.Popen([str(word) for word in (*program, *words)], env=env, **pipe)


def start_import(home: Path, *files: Path, **more: str) -> Process:
    return start(home, "import", "--json", *files, **more)


def module(name: str) -> tuple[str, ...]:
    """A program of this package."""
    return (sys.executable, "-m", f"tests.torture.{name}")


def ended(run: Process, seconds: float = 120) -> tuple[int, str, str]:
    """(exit code, output, error output) of a command that comes to its end by itself."""
    try:
        out, err = run.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        run.kill()
        out, err = run.communicate()
        return 124, out, f"did not end within {seconds} s: {err}"
    return run.returncode, out, err


def complaint(run: Process, allowed: tuple[int, ...] = (0,)) -> str:
    """What is wrong with how an importer ended, if anything: it says one plain line at most, and does not crash.

    Exit codes other than `allowed` and that of a kill are wrong, and so is a success that says nothing.
    """
    code, out, err = ended(run)
    said = [line for line in err.splitlines() if line.strip()]
    if "Traceback" in err or "fault of Kairan" in err or len(said) > 1:
        return err[-400:]
    if code == 0:
        json.loads(out)
    return "" if code in (*allowed, -signal.SIGKILL) else f"exit {code}: {err[-400:]}"


def kill_server(home: Path) -> bool:
    with suppress(OSError, ValueError):
        os.kill(int((home / "postgres/data/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        return True
    return False


@contextmanager
def reader(home: Path) -> Iterator[Any]:
    """A cursor on the folder's database, recovered if it has to be; a store never made yet is made first."""
    with postgres.serve(home) as url, psycopg.connect(url, autocommit=True) as connection:
        if connection.execute("SELECT to_regclass('finding') IS NOT NULL").fetchone() == (False,):
            ended(start(home, "migrate"))
        yield connection.cursor()


def new_home(folder: Path) -> Path:
    folder.mkdir(mode=0o755)
    return folder


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Under /tmp and open to the server's own account, which pytest's folders are not."""
    folder = Path(tempfile.mkdtemp(prefix="kairan-torture-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_reports(folder: Path, chance: random.Random, count: int) -> list[Path]:
    """Reports that overlap: three images hour by hour, vulnerabilities drawn from one pot. In order of their time."""
    files = []
    for hour in range(count):
        drawn = sorted(chance.sample(range(2 * max(RECORDS)), chance.randint(*RECORDS)))
        entries = [record(f"CVE-2026-{n:05d}", f"package-{n % 40}", severity=_severity(n + hour)) for n in drawn]
        at, image = (FIRST + timedelta(hours=hour)).isoformat(), f"shop-{hour % IMAGES}:1.{hour}"
        file = folder / f"{hour:04d}.json"
        file.write_text(json.dumps(report(*entries, at=at, image=image)))
        files.append(file)
    return files


def _severity(number: int) -> str:
    return ("LOW", "MEDIUM", "HIGH", "CRITICAL")[number % 4]
