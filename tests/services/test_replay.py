"""Reading the archive again: it rebuilds the store, changes nothing that is right, and holds no secret."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from tests.reports import NOW, check, day, record, records, report, secret, take
from tests.stores import Rows, rows_as_written

pytestmark = pytest.mark.usefixtures("store")
See = Callable[..., dict[str, Rows]]
VIEWS = ("findings", "sightings", "scopes", "names", "assertions")
KEY = "AKIA" + "Q7XVN2WTPLR5MKZD"


def history() -> list[Any]:
    """Three images, late and equal instants, checks, aliases, a secret: everything the archive must bring back."""
    return [
        report(*records(5), at=day(3)),
        report(*records(4, start=3), results=[check("DS-0002", "FAIL")], at=day(4)),
        report(record(severity="LOW"), at=day(2)),  # late
        report(*records(3), image="cart:1", at=day(4)),
        report(*records(3, path="a.jar"), image="cart:2", at=day(4)),  # of the same instant
        report(record("CVE-2026-0001"), record("GHSA-aaaa-bbbb-cccc"), image="till:1", at=day(5)),
        {"id": "GHSA-aaaa-bbbb-cccc", "modified": day(1), "affected": [], "aliases": ["CVE-2026-0001"]},
        report(results=[secret(KEY)], image="till:1", at=day(6)),
    ]


def replay() -> Any:
    from kairan.runtime.object_store import Archive
    from kairan.services.intake import Watcher
    from kairan.services.replay import replay as replay_all

    return replay_all(Archive.configured(), lambda: NOW, Watcher())


def written() -> dict[str, Rows]:
    from kairan.store.connection import raw_cursor

    return rows_as_written(
        raw_cursor(), "finding", "sighting", "vulnerability", "identifier", "asset", "package", "advisory", "event"
    )


def test_a_replay_of_an_unchanged_store_writes_nothing(seen: See) -> None:
    take(*history())
    before, rows = seen(*VIEWS), written()
    result = replay()
    assert (result.files, result.unreadable) == (8, 0)
    assert seen(*VIEWS) == before
    assert written() == rows


def test_the_archive_alone_rebuilds_the_store(seen: See, emptied: Callable[[], None]) -> None:
    take(*history())
    before = seen(*VIEWS)
    emptied()
    assert replay().unreadable == 0
    assert seen(*VIEWS) == before


def test_options_a_person_gave_are_remembered_by_the_archive(seen: See, emptied: Callable[[], None]) -> None:
    from kairan.domain.asset import parse_asset

    take(report(*records(3), at=day(1)))
    take(report(*records(2), at=day(2)), complete=False)
    take(report(record(), at=day(2)), asset=parse_asset("host:web-1"))
    before = seen(*VIEWS)
    emptied()
    replay()
    assert seen(*VIEWS) == before


@pytest.fixture
def newer_parser(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Call it, and today's parser is a version further."""
    from kairan.sources.trivy.parse import Trivy

    return lambda: monkeypatch.setattr(Trivy, "parser_version", Trivy.parser_version + 1)


def test_a_newer_parser_rewrites_digests_and_opens_and_closes_nothing(seen: See, newer_parser: Any) -> None:
    from kairan.store.models import Event

    take(*history())
    before = seen("findings", "scopes", "names")
    told = Event.objects.exclude(code="changed").count()
    digests = {row[4]: row[6] for row in seen("sightings")["sightings"]}
    newer_parser()
    replay()
    assert seen("findings", "scopes", "names") == before
    assert Event.objects.exclude(code="changed").count() == told
    after = {row[4]: row[6] for row in seen("sightings")["sightings"]}
    assert after.keys() == digests.keys()
    assert not [key for key, digest in digests.items() if after[key] == digest]
    rows = written()
    replay()
    assert written() == rows


def test_the_next_report_after_a_newer_parser_opens_and_closes_nothing(newer_parser: Any) -> None:
    take(report(*records(5), at=day(1)))
    newer_parser()
    counts = take(report(*records(5), at=day(2)))
    assert (counts.outcomes["opened"], counts.fixed) == (0, 0)
    counts = take(report(*records(5), at=day(3)))
    assert counts.outcomes["unchanged"] == 5


def test_no_table_and_no_archived_answer_holds_a_secret(archive_home: Path) -> None:
    from kairan.store.connection import raw_cursor

    broken = secret(KEY)
    broken["Secrets"].append({"RuleID": 7, "Match": f'key = "{KEY}"', "Severity": "HIGH"})
    take(report(results=[broken], at=day(1)))
    objects = [path.read_bytes() for path in archive_home.rglob("*.zst")]
    assert objects
    for packed in objects:
        assert KEY.encode() not in zstandard.ZstdDecompressor().stream_reader(packed).read()
    assert not [path for path in archive_home.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    cursor = raw_cursor()
    cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    for (table,) in cursor.fetchall():
        cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s", (f"%{KEY}%",))
        assert cursor.fetchone() == (0,), table


def test_what_can_no_longer_be_read_is_named_and_the_rest_goes_on(archive_home: Path) -> None:
    take(report(record(), at=day(1)), report(record(), image="cart:1", at=day(2)))
    first, *_ = sorted(archive_home.rglob("*.json.zst"))
    first.write_bytes(b"not zstd")
    result = replay()
    assert (result.files, result.unreadable) == (2, 1)


def test_an_object_without_its_description_is_an_orphan_and_no_hindrance(archive_home: Path) -> None:
    take(report(record(), at=day(1)))
    (description,) = archive_home.rglob("*.meta.json")
    description.unlink()
    assert replay().files == 0
