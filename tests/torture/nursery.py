"""Workers that are born in a moment: a process makes the store ready once, and every worker is a fork of it.

`python -m tests.torture.nursery MODULE` works on the data folder of KAIRAN_DATA; each worker is `MODULE.run(words)`. A
line of JSON on its input starts one ({"words": [...], "said": FILE}: answered by its number) or waits until one is
dead ({"dead": NUMBER}: answered by its exit code, negative for a signal).
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.torture.ground import module, start

_NAP = 0.01


class Worker:
    """A fork at work. `said` is what it printed, its complaints included."""

    def __init__(self, nursery: "Nursery", number: int, said: Path) -> None:
        self._nursery, self._number, self._said, self._is_alive = nursery, number, said, True

    def has_told(self, times: int, seconds: float = 60) -> bool:
        """Wait until it said "told" so often. False: it did not come to that."""
        end = time.monotonic() + seconds
        while self.said().count("told\n") < times:
            if time.monotonic() > end:
                return False
            time.sleep(_NAP)
        return True

    def said(self) -> str:
        return self._said.read_text()

    def kill(self) -> None:
        if self._is_alive:  # else its number may be another's by now
            os.kill(self._number, signal.SIGKILL)

    def killed(self, seconds: float = 60, *, may_log: bool = False) -> str:
        """Kill it. What was wrong with it before: "" if it was alive, and had told of no traceback.

        `may_log`: other people's libraries log theirs, of failures that were meant.
        """
        self.kill()
        code, said = self.ended(seconds), self.said()
        is_sound = code == -signal.SIGKILL and (may_log or "Traceback" not in said)
        return "" if is_sound else f"exit {code}: {said[-800:]}"

    def ended(self, seconds: float) -> int:
        """Its exit code; it is killed if it takes longer."""
        killer = threading.Timer(seconds, self.kill)
        killer.start()
        try:
            return self._nursery.ask({"dead": self._number})
        finally:
            killer.cancel()
            self._is_alive = False


class Nursery:
    """Of workers that are a module's `run`. Close it, and it goes."""

    def __init__(self, home: Path, of: str, **environment: str) -> None:
        self._folder, self._workers = home.parent, list[Worker]()
        self._process = start(home, of, program=module("nursery"), stdin=subprocess.PIPE, **environment)

    def worker(self, *words: object) -> Worker:
        said = self._folder / f"worker-{len(self._workers) + 1}"
        said.touch()
        number = self.ask({"words": [str(word) for word in words], "said": str(said)})
        self._workers.append(Worker(self, number, said))
        return self._workers[-1]

    def ask(self, request: dict[str, Any]) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the nursery died: {self._process.communicate()[1]}"
        return int(answer)

    def close(self) -> None:
        for worker in self._workers:
            with suppress(ProcessLookupError):  # the nursery died, and its dead are buried
                worker.kill()
        self._process.communicate()


def main() -> None:
    from kairan.entrypoints.running import store

    with store():
        from django.db import connections

        worker = import_module(sys.argv[1])
        connections.close_all()
        for line in sys.stdin:
            request = json.loads(line)
            if "dead" in request:
                _, status = os.waitpid(request["dead"], 0)
                print(os.waitstatus_to_exitcode(status), flush=True)
            else:
                number = os.fork()
                if number == 0:
                    _live(worker.run, request)
                print(number, flush=True)


def _live(run: Any, request: dict[str, Any]) -> None:
    """Never returns: what the nursery still has to do is none of its forks' business."""
    code = 1
    try:
        output = os.open(request["said"], os.O_WRONLY | os.O_APPEND)
        for stream in (1, 2):
            os.dup2(output, stream)
        run(request["words"])
        code = 0
    except Exception:  # noqa: BLE001 - whatever it was: it is told
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
