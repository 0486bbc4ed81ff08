"""The kinds of rounds. Each is told the ground, its chance and a fresh report; it says in which data folder it worked
and whether its fault met something running. What goes wrong it tells the ground.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from kairan.runtime import postgres
from tests.stores import look
from tests.torture import disks, serving
from tests.torture.ground import (
    Ground,
    Process,
    complaint,
    kill_server,
    module,
    new_home,
    reader,
    start,
    start_import,
)
from tests.torture.proxy import CuttingProxy

Outcome = tuple[Path, bool]
MOST_REPLAYED = 8


@dataclass(frozen=True, slots=True)
class Kind:
    run: Callable[[Ground, Random, Path, str], Outcome]
    weight: int = 1


def undisturbed(ground: Ground, chance: Random, fresh: Path, when: str) -> Outcome:
    _judge(ground, when, complaint(start_import(ground.home, fresh)))
    return ground.home, False


def kill_importer(ground: Ground, chance: Random, fresh: Path, when: str) -> Outcome:
    run = start_import(ground.home, fresh)
    time.sleep(_moment(ground, chance))
    hit = run.poll() is None
    run.kill()
    _judge(ground, when, complaint(run))
    return ground.home, hit


def kill_database(ground: Ground, chance: Random, fresh: Path, when: str) -> Outcome:
    run = start_import(ground.home, fresh)
    time.sleep(_moment(ground, chance))
    hit = run.poll() is None and kill_server(ground.home)
    _judge(ground, when, complaint(run, (0, 1)))
    return ground.home, hit


def two_at_once(ground: Ground, chance: Random, fresh: Path, when: str) -> Outcome:
    for run in _two(ground, chance, fresh):
        _judge(ground, when, complaint(run))
    return ground.home, False


def kill_one_of_two(ground: Ground, chance: Random, fresh: Path, when: str) -> Outcome:
    runs = _two(ground, chance, fresh)
    time.sleep(_moment(ground, chance))
    hit = runs[0].poll() is None
    runs[0].kill()
    for run in runs:
        _judge(ground, when, complaint(run))
    return ground.home, hit


def cut_connection(ground: Ground, chance: Random, fresh: Path, when: str) -> Outcome:
    """Behind a proxy that cuts after so many bytes, and perhaps stays away."""
    with postgres.serve(ground.home) as url, CuttingProxy(url) as proxy:
        proxy.cut_after(int(10 ** chance.uniform(2.5, 6)), back=chance.random() < 0.5)
        run = start_import(ground.home, fresh, DATABASE_URL=proxy.url)
        _judge(ground, when, complaint(run, (0, 1)))
    return ground.home, proxy.has_cut


def clock_jump(ground: Ground, chance: Random, fresh: Path, when: str) -> Outcome:
    """The clock jumps for- or backward now and then. A report from the future is refused, and says so."""
    program = module("off_clock")
    run = start(ground.home, chance.getrandbits(32), "import", "--json", fresh, program=program)
    said = complaint(run, (0, 2))
    _judge(ground, when, said)
    if run.returncode == 2:
        _judge(ground, f"{when}, the clock right again", complaint(start_import(ground.home, fresh)))
    return ground.home, True


def full_archive(ground: Ground, chance: Random, fresh: Path, when: str) -> Outcome:
    """The archive's disk is full to a few pages; later there is room again."""
    folder = ground.home / "archive"
    disks.leave(folder, chance.randrange(6) * 4096)
    run = start_import(ground.home, fresh)
    _judge(ground, when, complaint(run, (0, 1, 2)))
    ground.check(f"{when}, full")
    disks.empty(folder)
    _judge(ground, f"{when}, with room again", complaint(start_import(ground.home, fresh)))
    return ground.home, run.returncode != 0


def full_database(ground: Ground, chance: Random, fresh: Path, when: str) -> Outcome:
    """A whole data folder on a full disk: the server may not even start. It says so and why, in more than one line."""
    home = disks.a_home_on_a_small_disk(ground, ground.files[0])
    disks.leave(home.parent, chance.choice((0, 1 << 16, 1 << 20, 4 << 20, chance.randrange(30 << 20))))
    run = start_import(home, fresh)
    _, err = run.communicate(timeout=200)
    if run.returncode not in (0, 1, 2) or "Traceback" in err or "fault of Kairan" in err:
        ground.fail(when, f"exit {run.returncode}: {err[-600:]}")
    disks.empty(home.parent)
    _judge(ground, f"{when}, with room again", complaint(start_import(home, fresh)))
    return home, run.returncode != 0


def two_replays(ground: Ground, chance: Random, fresh: Path, when: str) -> Outcome:
    """In a store of its own, so that the archive stays small: whatever becomes of them, nothing changes."""
    home = ground.folder / "replays"
    if not home.exists():
        new_home(home)
    if ground.kept.setdefault("replayed", 0) < MOST_REPLAYED:
        ground.kept["replayed"] += 1
        _judge(ground, when, complaint(start_import(home, fresh)))
    with reader(home) as cursor:
        before = look(cursor)
    runs = [start(home, "replay", "--json"), start(home, "replay", "--json")]
    hit = chance.random() < 0.6
    if hit:
        time.sleep(_moment(ground, chance))
        hit = runs[0].poll() is None
        runs[0].kill()
    for run in runs:
        _judge(ground, when, complaint(run))
    with reader(home) as cursor:
        changed = [view for view, rows in look(cursor).items() if rows != before[view]]
    if changed:
        ground.fail(when, f"replays changed {changed}")
    return home, hit


def _two(ground: Ground, chance: Random, fresh: Path) -> list[Process]:
    return [start_import(ground.home, file) for file in (fresh, chance.choice([fresh, *ground.files]))]


def _moment(ground: Ground, chance: Random) -> float:
    """When an importer is at work, in seconds: after it has started, before it is done."""
    return ground.pace * chance.uniform(0.3, 1.0)


def _judge(ground: Ground, when: str, wrong: str) -> None:
    if wrong:
        ground.fail(when, wrong)


KINDS = {
    "import": Kind(undisturbed),
    "kill importer": Kind(kill_importer, 2),
    "kill database": Kind(kill_database),
    "two at once": Kind(two_at_once),
    "kill one of two": Kind(kill_one_of_two),
    "cut connection": Kind(cut_connection, 2),
    "clock jump": Kind(clock_jump),
    "full archive": Kind(full_archive),
    "full database": Kind(full_database),
    "two replays": Kind(two_replays),
    "kill worker": Kind(serving.kill_worker),
    "two workers": Kind(serving.two_workers),
    "kill web": Kind(serving.kill_web),
}
ROOT_ONLY = {"full archive", "full database"}
