"""Where ingest is measured: a store of its own with its server running, and processes watched from outside."""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import psycopg

LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Cost:
    """What one or several processes cost. Seconds; `anonymous` is the largest peak of RssAnon among them, in MB.

    `server` is the CPU time of the whole database server meanwhile: backends, checkpointer, WAL writer.
    """

    wall: float
    client: float
    server: float
    anonymous: float

    @property
    def cpu(self) -> float:
        return self.client + self.server


@dataclass(frozen=True, slots=True)
class Ground:
    """A fresh store. `url` is its server's."""

    home: Path
    url: str

    def reports(self, name: str) -> Path:
        folder = self.home / name
        folder.mkdir()
        return folder

    def connect(self) -> "psycopg.Connection[tuple[Any, ...]]":
        return psycopg.connect(self.url, autocommit=True)

    def imported(self, *inputs: list[Path]) -> tuple[Cost, list[dict[str, Any]]]:
        """Run `kairan import` on each list of inputs, all at once; what they cost and what they said."""
        server, client, started = self._server_seconds(), _reaped_seconds(), time.perf_counter()
        watched = [
            _Watched(self._command("import", "--json", *map(str, paths)), self._environment()) for paths in inputs
        ]
        told = [each.wait() for each in watched]
        wall = time.perf_counter() - started
        cost = Cost(
            wall, _reaped_seconds() - client, self._server_seconds() - server, max(each.peak for each in watched)
        )
        return cost, told

    def bare_copy(self, rows: int) -> Cost:
        """What PostgreSQL needs for as many rows with nothing to decide."""
        server = self._server_seconds()
        command = [sys.executable, "-m", "benchmarks.bare_copy", self.url, str(rows)]
        said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        return Cost(said["wall"], said["client"], self._server_seconds() - server, 0)

    def prepare(self) -> None:
        """The schema, so that no import has to make it."""
        command = self._command("migrate")
        subprocess.run(command, env=self._environment(), check=True, capture_output=True)

    def settle(self) -> None:
        """What one measurement left to do is not the next one's."""
        with self.connect() as connection:
            connection.execute("CHECKPOINT")

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-c", "from kairan.entrypoints.cli import main; main()", *words]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "KAIRAN_DATA": str(self.home / "data")}

    def _server_seconds(self) -> float:
        """CPU of the postmaster, of its living children, and of those it has reaped."""
        postmaster = int((self.home / "data/postgres/data/postmaster.pid").read_text().split()[0])
        living = (_seconds(child, reaped=False) for child in _children(postmaster))
        return sum(living) + _seconds(postmaster, reaped=True)


@contextmanager
def ground() -> Iterator[Ground]:
    """A fresh store whose server runs for as long as the block does; all is gone after it."""
    from kairan.runtime import postgres

    home = Path(tempfile.mkdtemp(prefix="kairan-bench-"))
    home.chmod(0o755)  # the server runs as a user of its own
    try:
        with postgres.serve(home / "data") as url:
            made = Ground(home, url)
            made.prepare()
            yield made
    finally:
        shutil.rmtree(home, ignore_errors=True)


class _Watched:
    """One process and the peak of its anonymous memory."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.peak = 0.0
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True)
        self._watcher = threading.Thread(target=self._watch)
        self._watcher.start()

    def wait(self) -> dict[str, Any]:
        out, complaint = self._process.communicate()
        self._watcher.join()
        if self._process.returncode:
            raise click.ClickException(f"the import failed: {complaint or out}")
        found: dict[str, Any] = json.loads(out)
        return found

    def _watch(self) -> None:
        while self._process.returncode is None and (memory := _anonymous(self._process.pid)):
            self.peak = max(self.peak, memory)
            time.sleep(LOOK_SECONDS)


def _anonymous(pid: int) -> float:
    """RssAnon in MB, of the process and its children; 0 when it is over."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        children = _children(pid)
    except (FileNotFoundError, ProcessLookupError):
        return 0
    line = next((line for line in status.splitlines() if line.startswith("RssAnon")), "RssAnon: 0 kB")
    return int(line.split()[1]) / 1000 + sum(map(_anonymous, children))


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _seconds(pid: int, *, reaped: bool) -> float:
    """User and system CPU of a process, and of the children it has reaped."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(map(int, fields[11 : 15 if reaped else 13])) / os.sysconf("SC_CLK_TCK")


def _reaped_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
