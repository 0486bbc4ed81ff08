"""Records that make several findings have one outcome: the first that applies to one of their findings."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest
from django.db import transaction

from kairan.domain.counts import Counts
from kairan.domain.finding import Absence, Advisory, AssetRef, EndReason, Observation, RecordKind, ScopeClaim
from kairan.services import ingest as ingest_service
from kairan.services.ingest import Ingest
from kairan.store.connection import raw_cursor
from kairan.store.queries import intake, runs

KIND = RecordKind.VULNERABILITY
NOW = datetime(2026, 11, 21, tzinfo=UTC)


class Told:
    """A report in which a record names its id and the hosts it is on; a host with a `-` in front is fixed."""

    title, as_of = "told", None
    scopes = (ScopeClaim("all", KIND, "all", absence=Absence.UNKNOWN, complete=False),)

    def __init__(self, records: Sequence[tuple[str, str]]) -> None:
        self.told = records

    @property
    def size(self) -> int:
        return len(self.told)

    def records(self) -> Iterator[Observation]:
        for number, (value, hosts) in enumerate(self.told):
            names = hosts.split()
            for name in names:
                host = AssetRef("host", name.strip("-"), name.strip("-"))
                is_open = not name.startswith("-")
                ended = None if is_open else EndReason.REPORTED_FIXED
                several = len(names) > 1
                yield Observation(
                    KIND, 0, f"[{number}]", value, host, open=is_open, end_reason=ended, several=several
                )  # fmt: skip

    def advisories(self) -> Iterator[Advisory]:
        return iter(())


def take(day: int, *records: tuple[str, str]) -> Counts:
    with transaction.atomic():
        cursor = raw_cursor()
        source = intake.source_id(cursor, "told", "told", NOW)
        as_of = datetime(2026, 11, day, tzinfo=UTC)
        run = runs.begin(cursor, runs.NewRun("import", "told", as_of=as_of), source, NOW)
        counts = Ingest(cursor, run, source, 1, as_of, NOW).take(Told(records), lambda _: None)
        runs.finish(cursor, run, "done", counts.as_dict(), "", NOW)
    assert sum(counts.outcomes.values()) == sum(counts.records.values()) == len(records)
    return counts


def outcomes(counts: Counts) -> dict[str, int]:
    return {name: number for name, number in counts.outcomes.items() if number}


@pytest.mark.usefixtures("sound_store")
def test_a_record_on_three_hosts_is_one_record_and_three_findings() -> None:
    assert outcomes(take(1, ("CVE-2026-1", "a b c"))) == {"opened": 1}
    assert runs.totals(raw_cursor()) == (3, 0)
    assert outcomes(take(2, ("CVE-2026-1", "a b c"))) == {"unchanged": 1}


@pytest.mark.usefixtures("sound_store")
def test_the_first_outcome_that_applies_counts() -> None:
    take(1, ("CVE-2026-1", "a b"))
    assert outcomes(take(2, ("CVE-2026-1", "a b c"))) == {"opened": 1}
    assert outcomes(take(3, ("CVE-2026-1", "-a -b"))) == {"closed": 1}
    assert outcomes(take(4, ("CVE-2026-1", "a b"))) == {"reopened": 1}
    assert outcomes(take(5, ("CVE-2026-1", "a -b"))) == {"unchanged": 1}


@pytest.mark.usefixtures("sound_store")
def test_records_with_one_and_with_several_findings_meet_on_one_finding() -> None:
    assert outcomes(take(1, ("CVE-2026-1", "a"), ("CVE-2026-1", "a b"))) == {"opened": 2}
    assert outcomes(take(2, ("CVE-2026-1", "a"), ("CVE-2026-1", "a b"))) == {"unchanged": 2}


@pytest.mark.usefixtures("sound_store")
@pytest.mark.parametrize("window", [1, 2, 3])
def test_the_window_does_not_matter(window: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest_service, "WINDOW", window)
    told = (("CVE-2026-1", "a b c d"), ("CVE-2026-2", "a"), ("CVE-2026-2", "a"), ("CVE-2026-1", "d c"))
    first = outcomes(take(1, *told))
    assert first["opened"] >= 2
    again = outcomes(take(2, *told))
    assert again.keys() <= {"unchanged", "merged"}


@pytest.mark.usefixtures("sound_store")
def test_an_older_event_does_not_reopen_what_a_newer_one_closed() -> None:
    take(1, ("CVE-2026-1", "a"))
    take(5, ("CVE-2026-1", "-a"))
    assert outcomes(take(3, ("CVE-2026-1", "a"))) == {"unchanged": 1}
    assert runs.totals(raw_cursor()) == (0, 1)
    assert outcomes(take(6, ("CVE-2026-1", "a"))) == {"reopened": 1}
