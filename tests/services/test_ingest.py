"""What becomes of the records of a report, and what the store holds afterwards."""

from typing import Any

import pytest

from kairan.domain.severity import Severity
from tests.reports import check, day, instant, outcomes, record, records, report, take
from tests.stores import rows_as_written

pytestmark = pytest.mark.usefixtures("sound_store")


def findings() -> Any:
    from kairan.store.models import Finding

    return Finding.objects.filter(merged_into=None)


def events() -> list[str]:
    from kairan.store.models import Event

    return list(Event.objects.order_by("at", "id").values_list("code", flat=True))


def written() -> Any:
    from kairan.store.connection import raw_cursor

    return rows_as_written(raw_cursor(), "finding", "sighting", "vulnerability", "asset", "package", "advisory")


# --- each outcome


def test_a_first_report_opens_what_it_names() -> None:
    counts = take(report(record(severity="CRITICAL"), at=day(3)))
    assert outcomes(counts) == {"opened": 1}
    finding = findings().get()
    assert (finding.is_open, finding.severity, finding.first_seen) == (True, Severity.CRITICAL, instant(3))
    assert events() == ["opened"]


def test_the_same_again_is_unchanged() -> None:
    take(report(*records(3), at=day(1)))
    assert outcomes(take(report(*records(3), at=day(2)))) == {"unchanged": 3}
    assert events() == ["opened"] * 3


def test_another_severity_changes_the_finding() -> None:
    take(report(record(severity="LOW"), at=day(1)))
    counts = take(report(record(severity="HIGH", fixed="1.1"), at=day(2)))
    assert outcomes(counts) == {"changed": 1}
    finding = findings().get()
    assert (finding.severity, finding.first_seen) == (Severity.HIGH, instant(1))
    from kairan.store.models import Event

    changed = Event.objects.get(code="changed")
    assert changed.params == {"severity": [2, 4], "fixed": ["", "1.1"]}
    assert changed.at == instant(2)


def test_what_a_complete_report_no_longer_names_is_fixed() -> None:
    take(report(*records(2), at=day(1)))
    counts = take(report(*records(1), at=day(2)))
    assert outcomes(counts) == {"unchanged": 1}
    assert counts.fixed == 1
    gone = findings().get(is_open=False)
    assert (gone.close_reason, gone.closed_at) == ("absent", instant(2))
    sighting = gone.sightings.get()
    assert (sighting.end_reason, sighting.last_seen, sighting.ended_at) == ("absent", instant(1), instant(2))
    assert events() == ["opened", "opened", "closed"]


def test_what_comes_back_is_reopened_and_keeps_its_row() -> None:
    take(report(record(), at=day(1)), report(at=day(2)))
    before = findings().get()
    counts = take(report(record(), at=day(3)))
    assert outcomes(counts) == {"reopened": 1}
    after = findings().get()
    assert (after.id, after.is_open, after.first_seen, after.closed_at) == (before.id, True, instant(1), None)
    assert events() == ["opened", "closed", "reopened"]


def test_a_passed_check_closes_its_failure() -> None:
    take(report(results=[check("DS-0002", "FAIL")], at=day(1)))
    counts = take(report(results=[check("DS-0002", "PASS")], at=day(2)))
    assert outcomes(counts) == {"closed": 1}
    finding = findings().get()
    assert (finding.is_open, finding.close_reason) == (False, "reported_fixed")
    assert events() == ["opened", "closed"]


def test_a_passed_check_nobody_knew_is_closed_and_leaves_no_finding() -> None:
    assert outcomes(take(report(results=[check("DS-0002", "PASS")]))) == {"closed": 1}
    assert not findings().exists()


def test_a_passed_and_a_failed_check_of_one_control_leave_it_open() -> None:
    both = [check("DS-0002", "PASS"), check("DS-0002", "FAIL")]
    assert outcomes(take(report(results=both))) == {"closed": 1, "opened": 1}
    assert findings().get().is_open


def test_records_of_one_finding_are_merged_into_it() -> None:
    counts = take(report(record(path="a.jar"), record(path="b.jar", severity="LOW"), record(path="c.jar")))
    assert outcomes(counts) == {"opened": 1, "merged": 2}
    sighting = findings().get().sightings.get()
    assert {each["path"] for each in sighting.occurrences} == {"a.jar", "b.jar", "c.jar"}
    assert sighting.severity == Severity.HIGH


def test_a_record_without_id_is_rejected_with_its_reason_and_stops_nothing() -> None:
    from kairan.store.models import Reject

    broken = {"PkgName": "curl", "InstalledVersion": "1"}
    counts = take(report(record(), broken))
    assert outcomes(counts) == {"opened": 1, "rejected": 1}
    reject = Reject.objects.get()
    assert "VulnerabilityID" in reject.reason
    assert reject.position == "Results[0].Vulnerabilities[1]"
    assert "curl" in reject.raw


def test_every_record_has_exactly_one_outcome() -> None:
    many = [*records(20), *records(5, path="x"), {"PkgName": "curl"}]
    for at, entries in ((1, many), (2, many[3:]), (3, many[:7]), (2, many), (3, many[2:9])):
        checks = [check("DS-0002", "PASS" if at == 2 else "FAIL")]
        counts = take(report(*entries, results=checks, at=day(at)))
        assert sum(counts.outcomes.values()) == sum(counts.records.values()) == len(entries) + 1


# --- scopes, watermarks, completeness


def test_a_partial_report_closes_nothing() -> None:
    take(report(*records(3), at=day(1)))
    counts = take(report(*records(1), at=day(2)), complete=False)
    assert (outcomes(counts), counts.fixed) == ({"unchanged": 1}, 0)
    assert findings().filter(is_open=True).count() == 3


def test_an_older_report_counts_as_unchanged_and_is_called_stale() -> None:
    take(report(*records(3), at=day(5)))
    counts = take(report(*records(4, start=2), at=day(4)))
    assert (outcomes(counts), counts.stale, counts.fixed) == ({"unchanged": 4}, 1, 0)
    assert findings().filter(is_open=True).count() == 3
    known = findings().filter(is_open=True, first_seen=instant(4)).count()
    assert known == 2  # those it names too are older than they seemed


def test_an_older_report_leaves_what_was_there_then_and_is_gone_now() -> None:
    take(report(at=day(5)))
    take(report(record(), at=day(4)))
    finding = findings().get()
    assert (finding.is_open, finding.first_seen, finding.closed_at) == (False, instant(4), instant(5))
    assert events() == ["opened", "closed"]


def test_the_watermark_is_the_newest_complete_report() -> None:
    from kairan.store.models import Scope

    for at, complete in ((2, None), (4, False), (3, None), (1, None)):
        take(report(*records(at), at=day(at)), complete=complete)
    assert Scope.objects.get(kind="vulnerability").watermark == instant(3)


def test_an_older_complete_report_ends_nothing_that_a_newer_partial_one_saw() -> None:
    take(report(*records(2, start=5), at=day(4)), complete=False)
    take(report(*records(2), at=day(3)))
    assert findings().filter(is_open=True).count() == 4


def test_an_older_complete_report_does_not_overwrite_what_a_newer_partial_one_said() -> None:
    take(report(record(severity="CRITICAL"), at=day(4)), complete=False)
    take(report(record(severity="LOW"), at=day(3)))
    finding = findings().get()
    assert (finding.severity, finding.first_seen) == (Severity.CRITICAL, instant(3))


def test_classes_the_report_did_not_look_for_stay_as_they_are() -> None:
    take(report(results=[check("DS-0002", "FAIL")], at=day(1)))
    take(report(record(), at=day(2)))
    assert findings().filter(is_open=True).count() == 2


def test_two_tags_of_one_instant_are_two_occurrences() -> None:
    take(report(record(), image="shop:1.0"), report(record(), image="shop:2.0"))
    sighting = findings().get().sightings.get()
    assert {each["tag"] for each in sighting.occurrences} == {"1.0", "2.0"}


def test_what_only_one_of_two_tags_holds_stays_open() -> None:
    take(report(*records(2), image="shop:1.0"), report(*records(1), image="shop:2.0"))
    assert findings().filter(is_open=True).count() == 2


def test_two_findings_of_one_vulnerability_in_two_packages() -> None:
    take(report(record(package="openssl"), record(package="curl")))
    assert findings().count() == 2


# --- nothing new writes nothing


def test_an_unchanged_report_writes_no_row() -> None:
    first = report(*records(30), results=[check("DS-0002", "FAIL")])
    take(first)
    before = written()
    counts = take(first)
    assert outcomes(counts) == {"unchanged": 31}
    assert written() == before


def test_a_newer_report_that_says_the_same_writes_no_row() -> None:
    from kairan.store.models import Scope

    take(report(*records(30), results=[check("DS-0002", "FAIL"), check("DS-0001", "PASS")], at=day(1)))
    before = written()
    later = report(*records(30), results=[check("DS-0002", "FAIL"), check("DS-0001", "PASS")], at=day(2))
    counts = take(later)
    assert outcomes(counts) == {"unchanged": 31, "closed": 1}
    assert written() == before
    assert set(Scope.objects.values_list("watermark", flat=True)) == {instant(2)}


def test_the_order_of_records_in_the_report_does_not_matter() -> None:
    entries = [*records(5), *records(5, path="x"), *records(5, severity="LOW", path="y")]
    take(report(*entries, at=day(1)))
    before = written()
    assert outcomes(take(report(*reversed(entries), at=day(2)))) == {"unchanged": 5, "merged": 10}
    assert written() == before


def test_an_older_report_that_says_nothing_new_writes_no_row() -> None:
    for at in (1, 2, 3):
        take(report(*records(3 if at != 2 else 2), at=day(at)))
    before = written()
    take(report(*records(3), at=day(1)), report(*records(2), at=day(2)), complete=True)
    assert written() == before
