"""EPSS is kept with the id, its newest word, and its daily change is no change of any finding."""

import copy
import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from kairan.runtime import clock
from kairan.runtime.object_store import Archive
from kairan.services.intake import Intake, Options
from kairan.store.connection import raw_cursor
from tests.services.test_across_sources import CVE, dependabot, inspector
from tests.stores import look, rows_as_written

pytestmark = pytest.mark.usefixtures("sound_store")


def alert(epss: Any, updated: str = "2026-07-01T00:00:00Z") -> dict[str, Any]:
    said = copy.deepcopy(dependabot())
    said["security_advisory"]["epss"] = epss
    return {"action": "created", "alert": said | {"updated_at": updated}, "repository": {"full_name": "acme/shop"}}


def read(folder: Path, *documents: Any) -> Any:
    for number, document in enumerate(documents):
        (folder / f"{number}.json").write_text(json.dumps(document))
    intake = Intake(Options(), Archive.configured(), clock.now)
    return intake.read_all((str(folder / f"{number}.json"), None) for number in range(len(documents)))


def known() -> list[tuple[Any, ...]]:
    raw_cursor().execute("select 1")
    return [row[:4] for row in look(raw_cursor(), "epss")["epss"]]


@pytest.mark.parametrize(
    "epss",
    [{"percentage": 0.25, "percentile": 0.9}, [{"percentage": 0.25, "percentile": "0.9"}]],
    ids=["as the schema says", "as webhooks have it"],
)
def test_it_is_kept_with_the_cve(tmp_path: Path, epss: Any) -> None:
    read(tmp_path, alert(epss))
    assert known() == [(CVE, 0.25, 0.9, "github")]


@pytest.mark.parametrize("epss", [None, {}, [], {"percentage": None}, {"percentage": "high"}, {"percentage": 17}])
def test_no_number_is_no_word(tmp_path: Path, epss: Any) -> None:
    read(tmp_path, alert(epss))
    assert known() == []


def test_a_new_number_changes_no_finding_and_no_sighting(tmp_path: Path) -> None:
    read(tmp_path, alert({"percentage": 0.25}))
    before = rows_as_written(raw_cursor(), "finding", "sighting", "advisory")
    result = read(tmp_path, alert({"percentage": 0.75}, "2026-07-02T00:00:00Z"))
    assert known() == [(CVE, 0.75, None, "github")]
    assert result.counts.outcomes["unchanged"] == 1
    assert rows_as_written(raw_cursor(), "finding", "sighting", "advisory") == before


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_newest_word_counts_whatever_the_order(tmp_path: Path, order: tuple[int, ...]) -> None:
    said = [alert({"percentage": p}, f"2026-07-0{day}T00:00:00Z") for day, p in ((1, 0.1), (2, 0.2), (3, 0.1))]
    read(tmp_path, *(said[at] for at in order))
    assert known() == [(CVE, 0.1, None, "github")]


def test_security_hub_says_it_too(tmp_path: Path) -> None:
    finding = inspector()
    finding["Vulnerabilities"][0]["EpssScore"] = "0.5"
    read(tmp_path, {"Findings": [finding]})
    assert known() == [(CVE, 0.5, None, "aws_security_hub")]


def test_the_command_shows_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from kairan.entrypoints.showing import show

    read(tmp_path, alert({"percentage": 0.25, "percentile": 0.9}))
    show(CVE, as_json=False)
    assert f"EPSS 25.00% of {CVE}, on 2026-07-01" in capsys.readouterr().out
    show(CVE, as_json=True)
    assert json.loads(capsys.readouterr().out)["epss"][0]["probability"] == 0.25
