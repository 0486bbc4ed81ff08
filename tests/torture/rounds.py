"""Rounds of imports with kills at random moments.

Each round starts one or two importers on the embedded server of a data folder of its own and, most times, kills an
importer or the database server with SIGKILL. Then an independent reader holds the store against its invariants. At the
end every report is imported once more, in peace, and the store has to equal that of an undisturbed import.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from kairan.runtime import postgres
from tests.reports import record, report
from tests.stores import broken_invariants, look

KAIRAN = Path(sys.executable).with_name("kairan")
IMAGES, RECORDS = 3, (300, 1500)
ACTIONS = ("import", "kill importer", "kill importer", "kill server", "two at once", "kill one of two")


@dataclass
class Tally:
    """What the rounds did. `hit` counts kills that met a running import; `failures` says what went wrong."""

    rounds: int = 0
    actions: Counter[str] = field(default_factory=Counter)
    hit: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        lines = [f"{self.rounds} rounds in {self.seconds:.0f} s"]
        for action, number in sorted(self.actions.items()):
            met = f", {self.hit[action]} met a running import" if "kill" in action else ""
            lines.append(f"  {action}: {number}{met}")
        return "\n".join([*lines, f"  failures: {len(self.failures)}", *self.failures])


def write_reports(folder: Path, chance: random.Random, count: int) -> list[Path]:
    """Reports that overlap: three images hour by hour, vulnerabilities drawn from one pot. In order of their time."""
    files = []
    for hour in range(count):
        drawn = sorted(chance.sample(range(2 * max(RECORDS)), chance.randint(*RECORDS)))
        entries = [record(f"CVE-2026-{n:05d}", f"package-{n % 40}", severity=_severity(n + hour)) for n in drawn]
        at, image = f"2026-11-{1 + hour // 24:02d}T{hour % 24:02d}:00:00Z", f"shop-{hour % IMAGES}:1.{hour}"
        file = folder / f"{hour:03d}.json"
        file.write_text(json.dumps(report(*entries, at=at, image=image)))
        files.append(file)
    return files


def _severity(number: int) -> str:
    return ("LOW", "MEDIUM", "HIGH", "CRITICAL")[number % 4]


class Rounds:
    """One run of `number` rounds in a folder of its own."""

    def __init__(self, number: int, seed: int) -> None:
        self.number = number
        self.chance = random.Random(seed)
        self.tally = Tally()

    def run(self) -> Tally:
        """All rounds, then the comparison with an undisturbed import."""
        started = time.monotonic()
        with _folder() as folder:
            (folder / "reports").mkdir()
            files = write_reports(folder / "reports", self.chance, self.number)
            self.home = _home(folder / "home")
            for number, fresh in enumerate(self.chance.sample(files, len(files))):
                self._round(number, fresh, files)
            self._complete(files, folder)
        self.tally.seconds = time.monotonic() - started
        return self.tally

    def _round(self, number: int, fresh: Path, files: list[Path]) -> None:
        """A report never read before, so that there is something to interrupt; beside it perhaps another one."""
        action = self.chance.choice(ACTIONS)
        self.tally.rounds += 1
        self.tally.actions[action] += 1
        runs = [_start(self.home, fresh)]
        if "two" in action:
            runs.append(_start(self.home, self.chance.choice([fresh, *files])))
        if "kill" in action:
            time.sleep(self.chance.triangular(0.3, 1.8, 1.2))
            self._kill(action, runs[0])
        for run in runs:
            self._judge(number, action, run)
        self._check(f"round {number} ({action})")

    def _kill(self, action: str, run: "subprocess.Popen[str]") -> None:
        running = run.poll() is None
        if action == "kill server":
            running &= _kill_server(self.home)
        else:
            run.kill()
        self.tally.hit[action] += running

    def _judge(self, number: int, action: str, run: "subprocess.Popen[str]") -> None:
        """An importer ends well, was killed, or says in one line that the database went away."""
        out, err = run.communicate(timeout=120)
        said = [line for line in err.splitlines() if line.strip()]
        if "Traceback" in err or len(said) > 1:
            self.tally.failures.append(f"round {number} ({action}): {err[-400:]}")
        elif run.returncode == 0:
            json.loads(out)
        elif run.returncode != -signal.SIGKILL and action != "kill server":
            self.tally.failures.append(f"round {number} ({action}): exit {run.returncode}: {err[-400:]}")

    def _check(self, when: str) -> None:
        with _reader(self.home) as cursor:
            broken = broken_invariants(cursor)
        if broken:
            self.tally.failures.append(f"{when}: {broken}")

    def _complete(self, files: list[Path], folder: Path) -> None:
        """Import everything once more, and everything once into an empty store: both have to be the same."""
        clean = _home(folder / "clean")
        for home in (self.home, clean):
            done = _start(home, *files)
            out, err = done.communicate(timeout=300)
            if done.returncode != 0:
                self.tally.failures.append(f"completing: exit {done.returncode}: {err[-400:]}{out[-200:]}")
        self._check("after completing")
        with _reader(self.home) as tortured, _reader(clean) as undisturbed:
            left, right = look(tortured), look(undisturbed)
        for view, rows in right.items():
            if left[view] != rows:
                odd = [row for row in left[view] if row not in rows][:3]
                self.tally.failures.append(f"{view} differ from an undisturbed import, for example {odd}")


def _start(home: Path, *files: Path) -> "subprocess.Popen[str]":
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    env |= {"KAIRAN_DATA": str(home), "KAIRAN_DEBUG": ""}
    pipe: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([KAIRAN, "import", "--json", *files], env=env, **pipe)


def _kill_server(home: Path) -> bool:
    with suppress(OSError, ValueError):
        os.kill(int((home / "postgres/data/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        return True
    return False


@contextmanager
def _reader(home: Path) -> Iterator[Any]:
    """A cursor on the folder's database, recovered if it has to be; a store never made yet reads as made."""
    with postgres.serve(home) as url, psycopg.connect(url, autocommit=True) as connection:
        made = connection.execute("SELECT to_regclass('finding') IS NOT NULL").fetchone()
        if made == (False,):
            env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
            subprocess.run([KAIRAN, "migrate"], env=env | {"KAIRAN_DATA": str(home)}, check=True, capture_output=True)
        yield connection.cursor()


def _home(folder: Path) -> Path:
    folder.mkdir(mode=0o755)
    return folder


@contextmanager
def _folder() -> Iterator[Path]:
    """Under /tmp and open to the server's own account, which pytest's folders are not."""
    folder = Path(tempfile.mkdtemp(prefix="kairan-torture-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
