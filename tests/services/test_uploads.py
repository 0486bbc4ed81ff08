"""Documents handed in by page or API: taken in, read by the worker once, whatever dies in between."""

import gzip
import json
import os
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from kairan.domain.errors import ConfigError, IllegalTransition
from tests.reports import NOW, day, record, records, report, take

pytestmark = pytest.mark.usefixtures("sound_store", "no_upload_left")


@pytest.fixture
def no_upload_left() -> Iterator[None]:
    """What is done keeps no document; what failed does."""
    from kairan.store.models import Upload

    yield
    assert not Upload.objects.filter(state="done").exclude(stored="").exists()


def hand_in(document: Any, name: str = "report.json", **options: Any) -> int:
    from kairan.services.uploads import receive

    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    chunks = (data[at : at + 1000] for at in range(0, len(data), 1000))
    return receive(name, chunks, options, None, NOW)


def work(**more: Any) -> int:
    from kairan.services.read_uploads import work as read

    return read(lambda: NOW + timedelta(seconds=1), **more)


def seen(number: int) -> Any:
    from kairan.store.queries.uploads import find

    found = find(number)
    assert found is not None
    return found


def stored(home: Path) -> list[Path]:
    return [path for path in (home / "archive" / "uploads").rglob("*") if path.is_file()]


def open_findings() -> int:
    from kairan.store.models import Finding

    return Finding.objects.filter(is_open=True, merged_into=None).count()


def test_an_upload_waits_until_the_worker_reads_it(archive_home: Path) -> None:
    number = hand_in(report(*records(7)), "C:\\scans\\shop.json")
    waiting = seen(number)
    assert (waiting.state, waiting.name, waiting.read, waiting.total) == ("waiting", "shop.json", 0, 0)
    assert len(stored(archive_home)) == 1
    assert work() == 1
    done = seen(number)
    assert (done.state, done.error, done.read, done.total) == ("done", "", 7, 7)
    assert (done.counts["opened"], done.counts["rejected"], len(done.runs)) == (7, 0, 1)
    assert open_findings() == 7
    assert stored(archive_home) == []
    assert work() == 0


def test_it_wakes_the_worker_with_the_row_it_writes() -> None:
    from procrastinate.contrib.django.models import ProcrastinateJob

    jobs = ProcrastinateJob.objects.filter(task_name="kairan.read_uploads", status="todo")
    before = jobs.count()
    hand_in(report(record()))
    assert jobs.count() == before + 1


def test_its_run_bears_its_number_and_the_answer_is_archived() -> None:
    from kairan.store.models import Run

    number = hand_in(report(*records(2)))
    work()
    run = Run.objects.get()
    assert (run.upload_id, run.trigger, run.name) == (number, "upload", "report.json")
    assert run.archived.startswith("trivy/")


def test_taking_in_is_audited() -> None:
    from kairan.store.models import Audit

    number = hand_in(report(record()), source="trivy")
    row = Audit.objects.get()
    assert (row.action, row.subject, row.origin) == ("upload.add", f"upload:{number}", "page")
    assert row.after["options"] == {"source": "trivy"}


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: data.decode().encode("utf-16")], ids=["gzip", "utf-16"])
def test_packed_and_utf_16_are_read_as_the_command_line_does(pack: Callable[[bytes], bytes]) -> None:
    number = hand_in(pack(json.dumps(report(*records(3))).encode()))
    work()
    assert (seen(number).state, seen(number).counts["opened"]) == ("done", 3)


def test_options_are_those_of_the_command_line() -> None:
    from kairan.store.models import Asset, Scope

    number = hand_in(report(record()), asset="host:web-1", as_of="2026-11-01", complete=False)
    work()
    assert seen(number).state == "done"
    assert Asset.objects.filter(kind="host", external_id="web-1").exists()
    assert Scope.objects.filter(watermark=None).count() == Scope.objects.count()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"source": "nessus"}, "there is no source 'nessus'"),
        ({"asset": "web-1"}, "KIND:NAME"),
        ({"as_of": "yesterday"}, "is no time"),
        ({"complete": "maybe"}, "true or false"),
        ({"colour": "red"}, "unknown option 'colour'"),
    ],
)
def test_wrong_options_are_refused_before_a_byte_is_read(
    options: dict[str, Any], says: str, archive_home: Path
) -> None:
    from kairan.store.models import Upload

    with pytest.raises(ConfigError, match=says):
        hand_in(report(record()), **options)
    assert (stored(archive_home), Upload.objects.count()) == ([], 0)


def test_too_large_a_file_is_refused_and_leaves_nothing(archive_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kairan.services.uploads import TooLarge
    from kairan.store.models import Upload

    monkeypatch.setenv("KAIRAN_MAX_UPLOAD_BYTES", "100000")
    with pytest.raises(TooLarge, match="KAIRAN_MAX_UPLOAD_BYTES"):
        hand_in(b" " * 100_001)
    assert (stored(archive_home), Upload.objects.count()) == ([], 0)


def test_a_big_file_is_never_in_memory_at_once(archive_home: Path) -> None:
    from kairan.services.uploads import receive

    tracemalloc.start()
    number = receive("big.json", (b"x" * (1 << 20) for _ in range(96)), {}, None, NOW)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 48 << 20
    assert seen(number).size == 96 << 20
    assert sum(path.stat().st_size for path in stored(archive_home)) == 96 << 20
    work()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04 and so on", "zip archive"),
        (b"\xff\xfe\xff", "UTF-16"),
        (b'{"unknown": 1}', "no source knows"),
        (b'{"SchemaVersion": 2, "Resul', "cut off"),
    ],
)
def test_what_cannot_be_read_fails_with_the_reason_and_is_kept_a_while(
    data: bytes, says: str, archive_home: Path
) -> None:
    from kairan.store.models import Run

    number = hand_in(data)
    work()
    failed = seen(number)
    assert (failed.state, failed.kept) == ("failed", True)
    assert says in failed.error
    assert (Run.objects.get().state, Run.objects.get().upload_id) == ("failed", number)
    assert len(stored(archive_home)) == 1


def test_a_failed_one_can_be_read_again_with_other_options(archive_home: Path) -> None:
    from kairan.services.uploads import read_again

    number = hand_in(b"{}")
    work()
    assert "--source" in seen(number).error
    read_again(number, {"source": "trivy", "asset": "image:shop"}, None, NOW)
    assert seen(number).state == "waiting"
    work()
    assert seen(number).state in {"done", "failed"}
    assert "its source could be told" not in seen(number).error


def test_only_a_failed_one_that_is_still_kept_is_read_again() -> None:
    from kairan.services.uploads import read_again

    number = hand_in(report(record()))
    with pytest.raises(IllegalTransition, match="it is waiting"):
        read_again(number, {}, None, NOW)
    work()
    with pytest.raises(IllegalTransition, match="it is done"):
        read_again(number, {}, None, NOW)


def test_several_are_read_one_after_the_other_and_a_bad_one_stops_none() -> None:
    numbers = [hand_in(report(*records(2))), hand_in(b"no"), hand_in(report(*records(3), image="cart:1"))]
    assert work() == 3
    assert [seen(number).state for number in numbers] == ["done", "failed", "done"]


def test_a_report_handed_in_twice_changes_nothing_the_second_time() -> None:
    first, second = hand_in(report(*records(4))), hand_in(report(*records(4)))
    work()
    assert seen(first).counts["opened"] == 4
    assert (seen(second).counts["opened"], seen(second).counts["unchanged"]) == (0, 4)


def test_two_workers_never_read_the_same_upload() -> None:
    from django.db import connection

    numbers = [hand_in(report(*records(20), image=f"shop{each}:1")) for each in range(6)]
    taken: list[int] = []

    def worker() -> None:
        try:
            taken.append(work())
        finally:
            connection.close()

    threads = [threading.Thread(target=worker) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sum(taken) == 6
    assert {seen(number).state for number in numbers} == {"done"}
    assert {len(seen(number).runs) for number in numbers} == {1}


def test_what_another_worker_reads_is_left_alone_until_its_connection_is_gone() -> None:
    from kairan.services.read_uploads import wake_if_needed
    from kairan.store.connection import beside, raw_cursor
    from kairan.store.queries import uploads

    number = hand_in(report(*records(3)))
    with beside() as desk:
        assert uploads.claim(desk, (), NOW) is not None
        assert not uploads.any_free(raw_cursor())
        assert work() == 0
        assert seen(number).state == "reading"
    _wait(lambda: uploads.any_free(raw_cursor()))  # the server learns of a closed connection a moment later
    wake_if_needed()
    assert work() == 1
    assert (seen(number).state, open_findings()) == ("done", 3)


def test_a_worker_that_is_asked_to_stop_leaves_it_to_the_next_one() -> None:
    number = hand_in(report(*records(5)))
    asked = iter([False, False, True])
    work(stopping=lambda: next(asked, True))
    assert (seen(number).state, open_findings()) == ("waiting", 0)
    work()
    assert (seen(number).state, open_findings()) == ("done", 5)


def test_a_killed_worker_leaves_nothing_half_done_and_the_next_one_reads_it_again(archive_home: Path) -> None:
    many = report(*records(9_000), results=[])
    number = hand_in(many)
    killed = 0
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", _WORKER], env=_environment(archive_home))
        _wait(lambda: seen(number).state != "waiting")
        time.sleep(0.2)
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed += seen(number).state == "reading"
    assert killed > 0, "the worker was never killed in the middle"
    assert open_findings() in {0, 9_000}
    _wait(lambda: work() == 1 or seen(number).state == "done")
    assert (seen(number).state, open_findings()) == ("done", 9_000)


def test_what_ends_every_worker_is_given_up_at_last() -> None:
    from kairan.services.read_uploads import MOST_TRIES
    from kairan.store.connection import beside, raw_cursor
    from kairan.store.queries import uploads

    number = hand_in(report(record()))
    for _ in range(MOST_TRIES):
        with beside() as desk:
            assert uploads.claim(desk, (), NOW) is not None
        _wait(lambda: uploads.any_free(raw_cursor()))  # the server learns of a closed connection a moment later
    work()
    assert seen(number).state == "failed"
    assert "5 times" in seen(number).error


def test_when_the_archive_is_away_it_waits_for_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from kairan.domain.errors import KairanError
    from kairan.runtime.object_store import Archive

    number = hand_in(report(*records(3)))

    def away(self: Archive, *_: Any) -> str:
        raise KairanError("the archive cannot be written: no space left")

    with monkeypatch.context() as patch:
        patch.setattr(Archive, "put", away)
        work()
    assert (seen(number).state, seen(number).error) == ("waiting", "the archive cannot be written: no space left")
    work()
    assert (seen(number).state, seen(number).error) == ("done", "")


def test_a_fault_in_a_parser_fails_the_one_upload_and_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    from kairan.sources.trivy.parse import Trivy

    real, calls = Trivy.reports, iter([True])

    def breaks(self: Trivy, *more: Any) -> Any:
        if next(calls, False):
            raise AttributeError("no such thing")
        return real(self, *more)

    monkeypatch.setattr(Trivy, "reports", breaks)
    first, second = hand_in(report(record())), hand_in(report(record()))
    work()
    assert seen(first).error == "this is a fault of Kairan (AttributeError: no such thing)"
    assert (seen(first).state, seen(second).state) == ("failed", "done")


def test_a_replay_is_work_of_the_same_kind() -> None:
    from kairan.services.uploads import ask_replay

    take(report(*records(3), at=day(1)), report(*records(2), at=day(2)))
    number = ask_replay("trivy", None, NOW)
    work()
    done = seen(number)
    assert (done.state, done.is_replay, done.read, done.total) == ("done", True, 2, 2)
    assert (done.counts["files"], done.counts["opened"], len(done.runs)) == (2, 0, 2)
    with pytest.raises(ConfigError, match="there is no source"):
        ask_replay("nessus", None, NOW)


def test_a_replay_that_is_asked_to_stop_blames_no_report() -> None:
    from kairan.services.uploads import ask_replay
    from kairan.store.models import Run

    take(*(report(*records(3), at=day(number)) for number in range(1, 5)))
    number = ask_replay(None, None, NOW)
    asked = iter([False, False, False, False])
    work(stopping=lambda: next(asked, True))
    assert seen(number).state == "waiting"
    assert not Run.objects.filter(state="failed").exists()
    work()
    assert (seen(number).state, seen(number).counts["unreadable"]) == ("done", 0)


def test_pruning_keeps_what_waits_and_lets_failed_ones_go(archive_home: Path) -> None:
    from kairan.runtime.object_store import Archive
    from kairan.services.prune import prune
    from kairan.store.models import Run, Upload

    failed = hand_in(b"no")
    work()
    waiting = hand_in(report(record()))
    for path in stored(archive_home):
        os.utime(path, (NOW.timestamp() - 10, NOW.timestamp() - 10))
    prune(Archive.configured(), NOW + timedelta(days=3))
    assert (seen(failed).kept, seen(waiting).kept, len(stored(archive_home))) == (False, True, 1)
    prune(Archive.configured(), NOW + timedelta(days=100))
    assert list(Upload.objects.values_list("id", flat=True)) == [waiting]
    assert Run.objects.get().upload_id is None
    work()


_WORKER = """
import django; django.setup()
from kairan.services import read_uploads
from kairan.runtime import clock
read_uploads.work(clock.now)
"""


def _environment(home: Path) -> dict[str, str]:
    from django.db import connection

    parts = connection.settings_dict
    at = f"host={quote(str(parts['HOST']), safe='')}&port={parts['PORT']}"
    url = f"postgresql://{parts['USER']}@/{parts['NAME']}?{at}"
    return os.environ | {"DATABASE_URL": url, "KAIRAN_DATA": str(home)}


def _wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not until():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
