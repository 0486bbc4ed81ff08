"""What did not change is not read: records are told apart by their bytes before they are decoded."""

import json
from pathlib import Path
from typing import Any

import pytest

from kairan.domain.counts import Counts
from kairan.runtime import clock
from kairan.runtime.object_store import Archive
from kairan.services.intake import Intake, Options
from kairan.sources.trivy.vulnerabilities import VulnerabilityReader
from kairan.store.models import Advisory, Sighting
from tests.reports import day, record, report

pytestmark = pytest.mark.usefixtures("sound_store")


class Reading:
    """Imports reports of one image, an hour apart, and tells which records were decoded whole."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.number, self.positions = folder, 0, []  # type: ignore[var-annotated]
        read = VulnerabilityReader.__call__

        def noted(reader: VulnerabilityReader, raw: Any, position: str) -> Any:
            self.positions.append(position.rpartition("[")[2].rstrip("]"))
            return read(reader, raw, position)

        monkeypatch.setattr(VulnerabilityReader, "__call__", noted)

    def __call__(self, *records: dict[str, Any], **said: Any) -> tuple[list[str], Counts]:
        self.number += 1
        self.positions.clear()
        path = self.folder / f"{self.number}.json"
        path.write_text(json.dumps(report(*records, at=day(self.number), **said)))
        result = Intake(Options(), Archive.configured(), clock.now).read_all([(str(path), None)])
        assert not result.errors
        return sorted(self.positions), result.counts


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reading:
    return Reading(tmp_path, monkeypatch)


ONE, TWO, THREE = (record(f"CVE-2026-000{n}", "openssl") for n in (1, 2, 3))


def test_a_report_that_says_the_same_is_not_read(read: Reading) -> None:
    assert read(ONE, TWO, THREE)[0] == ["0", "1", "2"]
    positions, counts = read(ONE, TWO, THREE)
    assert positions == []
    assert (counts.records["vulnerability"], counts.outcomes["unchanged"], counts.fixed) == (3, 3, 0)


def test_of_a_report_that_says_something_new_only_that_is_read(read: Reading) -> None:
    read(ONE, TWO, THREE)
    positions, counts = read(ONE, {**TWO, "Severity": "CRITICAL"})
    assert positions == ["1"]
    assert (counts.outcomes["unchanged"], counts.outcomes["changed"], counts.fixed) == (1, 1, 1)


def test_all_records_of_a_sighting_are_read_where_one_changed(read: Reading) -> None:
    lib, bin_ = ({**ONE, "PkgName": name, "SrcName": "openssl"} for name in ("libssl3", "openssl-bin"))
    read(lib, bin_, TWO)
    assert read(lib, bin_, TWO)[0] == []
    assert read(lib, {**bin_, "InstalledVersion": "9"}, TWO)[0] == ["0", "1"]
    sighting = Sighting.objects.get(identifier__value="CVE-2026-0001")
    assert {each["installed"] for each in sighting.occurrences} == {"1.0", "9"}


def test_a_record_that_went_missing_is_noticed(read: Reading) -> None:
    lib, bin_ = ({**ONE, "PkgName": name, "SrcName": "openssl"} for name in ("libssl3", "openssl-bin"))
    read(lib, bin_)
    positions, counts = read(lib)
    assert (positions, counts.outcomes["changed"]) == (["0"], 1)


def test_a_new_text_is_read_though_the_finding_stays(read: Reading) -> None:
    read(ONE)
    positions, counts = read({**ONE, "Description": "More is known."})
    assert (positions, counts.outcomes["unchanged"]) == (["0"], 1)
    assert Advisory.objects.get().description == "More is known."


def test_what_stands_around_a_record_counts_too(read: Reading) -> None:
    read(ONE)
    assert read(ONE, image="shop:2.0")[0] == ["0"]
    assert read(ONE, image="shop:2.0")[0] == []


def test_what_came_back_is_read(read: Reading) -> None:
    read(ONE, TWO)
    read(ONE)
    positions, counts = read(ONE, TWO)
    assert (positions, counts.outcomes["reopened"]) == (["1"], 1)


def test_another_parser_version_reads_all(read: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    from kairan.sources.trivy import SOURCE

    read(ONE)
    monkeypatch.setattr(type(SOURCE), "parser_version", 2)
    assert read(ONE)[0] == ["0"]
