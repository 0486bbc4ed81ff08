"""Reports of one command overtake each other nowhere: the next is read while one is written, and that is all."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.reports import NOW, day, outcomes, record, report, take
from tests.stores import Rows

pytestmark = pytest.mark.usefixtures("store")
See = Callable[..., dict[str, Rows]]


def read_all(folder: Path, *documents: Any) -> Any:
    """Read documents as one command does."""
    from kairan.runtime import documents as files
    from kairan.runtime.object_store import Archive
    from kairan.services.intake import Intake, Options

    folder = folder / "reports"
    folder.mkdir()
    for number, document in enumerate(documents):
        text = document if isinstance(document, str) else json.dumps(document)
        (folder / f"report-{number:02}.json").write_text(text)
    return Intake(Options(), Archive.configured(), lambda: NOW).read_all(files.find([str(folder)]))


def history(dice: random.Random, count: int) -> list[dict[str, Any]]:
    """Reports of three images that grow older together, some of one image one after the other, some the same twice."""
    made: list[dict[str, Any]] = []
    for number in range(count):
        entries = [record(f"CVE-2026-{n:04d}", f"package-{n % 9}") for n in range(60) if dice.random() < 0.8]
        made.append(report(*entries, image=f"image-{dice.randrange(3)}:1", at=day(1 + number)))
        if dice.random() < 0.2:
            made.append(made[-1])
    return made


def runs() -> Rows:
    from kairan.store.connection import raw_cursor

    return raw_cursor().execute("SELECT state, as_of, counts::text, error <> '' FROM run ORDER BY id").fetchall()


def identities() -> Rows:
    from kairan.store.connection import raw_cursor

    return (
        raw_cursor()
        .execute("SELECT row_number() OVER (ORDER BY id), location, first_seen, is_open FROM finding")
        .fetchall()
    )


@pytest.mark.parametrize("seed", range(4))
def test_a_folder_leaves_what_one_report_after_the_other_leaves(
    seed: int, emptied: Callable[[], None], seen: See, tmp_path: Path
) -> None:
    documents = history(random.Random(seed), 12)
    counted = take(*documents)
    expected = seen(), runs(), identities()
    emptied()
    assert read_all(tmp_path, *documents).counts == counted
    assert (seen(), runs(), identities()) == expected


def test_a_file_that_cannot_be_read_stands_in_its_place_among_the_runs(tmp_path: Path) -> None:
    first, second = (report(record("CVE-2026-0001"), image=f"image-{n}:1", at=day(1)) for n in range(2))
    result = read_all(tmp_path, first, "{ no JSON", second)
    assert (result.files, result.unreadable) == (3, 1)
    assert [state for state, *_ in runs()] == ["done", "failed", "done"]


def test_a_race_that_is_lost_while_writing_is_run_again_and_counted_once(
    monkeypatch: pytest.MonkeyPatch, seen: See, tmp_path: Path
) -> None:
    from kairan.store.queries import ingest

    add_events, lost = ingest.add_events, []

    def lose(*args: Any) -> None:
        add_events(*args)
        if len(lost) < 3:
            lost.append(args)
            raise psycopg.errors.DeadlockDetected("deadlock detected")

    monkeypatch.setattr(ingest, "add_events", lose)
    documents = [
        report(record("CVE-2026-0001"), record("CVE-2026-0002"), image=f"i-{n}:1", at=day(1)) for n in range(4)
    ]
    result = read_all(tmp_path, *documents)
    assert len(lost) == 3
    assert outcomes(result.counts) == {"opened": 8}
    assert len(seen("findings")["findings"]) == 8


def test_what_fails_while_it_is_written_takes_the_next_with_it_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, seen: See, tmp_path: Path
) -> None:
    from kairan.store.queries import ingest

    add_events, calls = ingest.add_events, []

    def fail(*args: Any) -> None:
        calls.append(args)
        if len(calls) == 2:
            raise RuntimeError("a fault of ours")
        add_events(*args)

    monkeypatch.setattr(ingest, "add_events", fail)
    documents = [report(record("CVE-2026-0001"), image=f"image-{n}:1", at=day(1)) for n in range(4)]
    with pytest.raises(RuntimeError, match="a fault of ours"):
        read_all(tmp_path, *documents)
    assert len(seen("findings")["findings"]) == 1
    assert [state for state, *_ in runs()] == ["done"]
    monkeypatch.undo()
    assert outcomes(take(*documents)) == {"opened": 3, "unchanged": 1}


def test_a_server_that_cuts_one_of_the_two_connections_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, seen: See, tmp_path: Path
) -> None:
    from kairan.domain.errors import DatabaseError
    from kairan.services.ingest import Ingest
    from kairan.store.connection import beside

    read, begun = Ingest.read, []

    def cut(self: Ingest, *args: Any) -> None:
        read(self, *args)
        begun.append(self)
        if len(begun) == 2:
            with beside() as other:
                other.execute("SELECT pg_terminate_backend(%s)", (self.cursor.connection.info.backend_pid,))
                other.execute("SELECT pg_sleep(0.2)")

    monkeypatch.setattr(Ingest, "read", cut)
    documents = [report(record("CVE-2026-0001"), image=f"image-{n}:1", at=day(1)) for n in range(3)]
    with pytest.raises(DatabaseError, match="nothing is half done"):
        read_all(tmp_path, *documents)
    monkeypatch.undo()
    assert len(seen("findings")["findings"]) == 1
    assert outcomes(take(*documents)) == {"opened": 2, "unchanged": 1}
