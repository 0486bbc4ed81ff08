"""Rounds about what serves: the worker that reads uploads, and the pages' process that takes them in."""

import http.client
import json
import signal
import threading
import time
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

from tests.torture.ground import Ground, Process, complaint, ended, module, reader, start, start_import

PATIENCE = 100  # seconds; a worker looks each minute for what another one left


def kill_worker(ground: Ground, chance: Random, fresh: Path, when: str) -> tuple[Path, bool]:
    """It is killed while it reads; the next one reads what it left to the end."""
    _hand_in(ground, when, fresh, chance.choice(ground.files))
    _start_and_kill_worker(ground.home, chance)
    hit = _unfinished(ground.home) > 0
    _work_off(ground, when, 1)
    return ground.home, hit


def two_workers(ground: Ground, chance: Random, fresh: Path, when: str) -> tuple[Path, bool]:
    """Two workers, beside an importer; one of them may be killed. Each upload is read by one of them, to its end."""
    _hand_in(ground, when, fresh, *chance.sample(ground.files, min(2, len(ground.files))))
    beside = start_import(ground.home, chance.choice(ground.files))
    hit = False
    if chance.random() < 0.5:
        _start_and_kill_worker(ground.home, chance)
        hit = _unfinished(ground.home) > 0
    _work_off(ground, when, 2)
    if wrong := complaint(beside):
        ground.fail(when, wrong)
    return ground.home, hit


def kill_web(ground: Ground, chance: Random, fresh: Path, when: str) -> tuple[Path, bool]:
    """The pages are killed under requests. What was accepted is there, and read to its end."""
    token = ground.kept.get("token") or ended(start(ground.home, program=module("desk")))[1].strip()
    ground.kept["token"] = token
    web = start(ground.home, "web", "--port", "0")
    visitors = _Visitors(_address(web), token, [fresh, *chance.sample(ground.files, min(4, len(ground.files)))])
    visitors.come()
    time.sleep(chance.triangular(0.05, 2.5, 0.5))
    web.kill()
    _, _, err = ended(web)
    visitors.go()
    for wrong in (*visitors.wrong, *([err[-400:]] if "Traceback" in err else [])):
        ground.fail(when, wrong)
    with reader(ground.home) as cursor:
        cursor.execute("SELECT id FROM upload WHERE id = ANY(%s)", (visitors.accepted,))
        if lost := {*visitors.accepted} - {number for (number,) in cursor.fetchall()}:
            ground.fail(when, f"uploads {lost} were accepted and are lost")
    _work_off(ground, when, 1)
    return ground.home, visitors.cut > 0


def _start_and_kill_worker(home: Path, chance: Random) -> None:
    """Soon after it has begun to read."""
    worker = start(home, "worker")
    with reader(home) as cursor:
        for _ in range(200):
            cursor.execute("SELECT count(*) FROM upload WHERE state = 'reading'")
            if cursor.fetchone() != (0,):
                break
            time.sleep(0.05)
    time.sleep(chance.uniform(0, 0.25))
    worker.kill()
    ended(worker)


def _hand_in(ground: Ground, when: str, *files: Path) -> None:
    code, _, err = ended(start(ground.home, *files, program=module("desk")))
    if code:
        ground.fail(when, f"handing in: exit {code}: {err[-400:]}")


def _work_off(ground: Ground, when: str, number: int) -> None:
    """Workers come until nothing waits, then go in peace."""
    workers = [start(ground.home, "worker") for _ in range(number)]
    until = time.monotonic() + PATIENCE
    while (left := _unfinished(ground.home)) and time.monotonic() < until:
        time.sleep(0.2)
    for worker in workers:
        worker.send_signal(signal.SIGTERM)
    for worker in workers:
        code, out, err = ended(worker, 30)
        if code not in (0, -signal.SIGTERM) or "Traceback" in out + err:  # it may not have begun to listen for it
            ground.fail(when, f"a worker in peace: exit {code}: {(out + err)[-600:]}")
    if left:
        ground.fail(when, f"{left} uploads are not finished after {PATIENCE} s")
    _look_at_uploads(ground, when)


def _look_at_uploads(ground: Ground, when: str) -> None:
    with reader(ground.home) as cursor:
        cursor.execute("SELECT id, state, error FROM upload WHERE state = 'failed'")
        if failed := cursor.fetchall():
            ground.fail(when, f"uploads failed: {failed[:3]}")
        cursor.execute("SELECT id FROM upload WHERE state = 'done' AND (stored <> '' OR counts ? 'tries')")
        if odd := cursor.fetchall():
            ground.fail(when, f"uploads are done and not put away: {odd[:3]}")


def _unfinished(home: Path) -> int:
    with reader(home) as cursor:
        cursor.execute("SELECT count(*) FROM upload WHERE finished_at IS NULL")
        return int(cursor.fetchone()[0])


def _address(web: Process) -> str:
    """Where it says that it listens."""
    assert web.stdout is not None
    for line in web.stdout:
        if "is up:" in line:
            return line.split()[-1]
    raise AssertionError("the pages did not come up")


class _Visitors:
    """Scripts that look at lists and hand reports in, until the connection goes."""

    def __init__(self, url: str, token: str, files: list[Path]) -> None:
        self.port, self.files = urlsplit(url).port, files
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.accepted: list[int] = []
        self.wrong: list[str] = []
        self.cut = 0
        self._threads = [threading.Thread(target=each) for each in (self._hand_in, self._look, self._look)]

    def come(self) -> None:
        for each in self._threads:
            each.start()

    def go(self) -> None:
        for each in self._threads:
            each.join()

    def _hand_in(self) -> None:
        for file in self.files:
            said = self._ask("POST", f"/api/v1/imports?name={file.name}", file.read_bytes(), 202)
            if said is None:
                return
            self.accepted.append(json.loads(said)["id"])

    def _look(self) -> None:
        for path in ("/api/v1/findings?limit=50", "/api/v1/runs", "/api/v1/counts?by=severity") * 200:
            if self._ask("GET", path, b"", 200) is None:
                return

    def _ask(self, method: str, path: str, body: bytes, expected: int) -> bytes | None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            connection.request(method, path, body, self.headers)
            answer = connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException):
            self.cut += 1
            return None
        if answer.status == 429:
            return None
        if answer.status != expected:
            self.wrong.append(f"{method} {path} answered {answer.status}: {said[:200]!r}")
            return None
        return said
