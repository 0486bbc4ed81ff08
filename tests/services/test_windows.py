"""Records of one finding that lie far apart in a report, in several windows of it, are one sighting all the same."""

from typing import Any

import pytest

from kairan.domain.severity import Severity
from tests.reports import day, outcomes, record, records, report, take
from tests.stores import look, rows_as_written

pytestmark = pytest.mark.usefixtures("sound_store")


def findings() -> Any:
    from kairan.store.models import Finding

    return Finding.objects.filter(merged_into=None)


def written() -> Any:
    from kairan.store.connection import raw_cursor

    return rows_as_written(raw_cursor(), "finding", "sighting", "vulnerability", "asset", "package", "advisory")


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    from kairan.services import ingest

    monkeypatch.setattr(ingest, "WINDOW", 3)


def spread(**changed: Any) -> list[dict[str, Any]]:
    """One finding's records at the start, in the middle and at the end, with others between."""
    return [
        record(path="a"),
        *records(4, start=2),
        record(path="b", **changed),
        *records(4, start=6),
        record(path="c"),
    ]


@pytest.mark.usefixtures("small_windows")
def test_records_far_apart_become_one_sighting() -> None:
    counts = take(report(*spread()))
    assert outcomes(counts) == {"opened": 9, "merged": 2}
    sighting = findings().get(vulnerability__primary_id="CVE-2026-0001").sightings.get()
    assert {each["path"] for each in sighting.occurrences} == {"a", "b", "c"}


def test_windows_leave_the_same_store_as_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.core.management import call_command

    from kairan.services import ingest
    from kairan.store.connection import raw_cursor

    stores = []
    for window in (10_000, 1, 2, 3, 4):
        monkeypatch.setattr(ingest, "WINDOW", window)
        take(report(*spread(), at=day(1)), report(*spread(severity="CRITICAL"), at=day(2)), report(record(), at=day(3)))
        stores.append(look(raw_cursor()))
        call_command("flush", interactive=False, verbosity=0)
    assert all(each == stores[0] for each in stores)


@pytest.mark.usefixtures("small_windows")
def test_records_far_apart_are_unchanged_the_second_time() -> None:
    take(report(*spread(), at=day(1)))
    before = written()
    counts = take(report(*spread(), at=day(2)))
    assert outcomes(counts) == {"unchanged": 9, "merged": 2}
    assert written() == before


@pytest.mark.usefixtures("small_windows")
def test_a_change_in_one_of_the_records_far_apart_is_one_change() -> None:
    take(report(*spread(), at=day(1)))
    counts = take(report(*spread(severity="CRITICAL"), at=day(2)))
    assert outcomes(counts) == {"unchanged": 8, "changed": 1, "merged": 2}
    assert findings().get(vulnerability__primary_id="CVE-2026-0001").severity == Severity.CRITICAL


@pytest.mark.usefixtures("small_windows")
def test_one_of_the_records_far_apart_going_away_is_a_change() -> None:
    take(report(*spread(), at=day(1)))
    counts = take(report(*spread()[:-1], at=day(2)))
    assert outcomes(counts) == {"unchanged": 8, "changed": 1, "merged": 1}


@pytest.mark.usefixtures("small_windows")
def test_records_far_apart_in_an_older_report_and_at_the_same_instant() -> None:
    take(report(*spread()[:6], at=day(3)))
    for at in (2, 3):
        counts = take(report(*spread(), at=day(at)))
        assert sum(counts.outcomes.values()) == 11
    paths = findings().get(vulnerability__primary_id="CVE-2026-0001").sightings.get().occurrences
    assert {each["path"] for each in paths} == {"a", "b", "c"}


def suppressed(entry: dict[str, Any]) -> dict[str, Any]:
    return {"Type": "vulnerability", "Status": "not_affected", "Statement": "", "Source": "vex.json", "Finding": entry}


@pytest.mark.usefixtures("small_windows")
def test_suppressed_records_of_one_finding_far_apart_are_one_closed_sighting() -> None:
    entries = [suppressed(each) for each in (record(path="a"), *records(4, start=2), record(path="b"))]
    results = {"Target": "shop:1.0 (debian 12)", "Class": "os-pkgs", "Type": "debian"}
    take(report(results=[results | {"ExperimentalModifiedFindings": entries}]))
    finding = findings().get(vulnerability__primary_id="CVE-2026-0001")
    assert not finding.is_open
    assert {each["path"] for each in finding.sightings.get().occurrences} == {"a", "b"}
    before = written()
    take(report(results=[results | {"ExperimentalModifiedFindings": entries}], at=day(2)))
    assert written() == before
