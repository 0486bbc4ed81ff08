"""Closings that wait for a person: only the closings, never the rest of the report."""

import json
from pathlib import Path
from typing import Any

import pytest

from kairan.domain.errors import IllegalTransition, KairanError
from tests.reports import NOW, day, instant, outcomes, record, records, report, take

pytestmark = pytest.mark.usefixtures("sound_store")
BIG = 120
SAME = "a"  # the same digest: no new version of the image


def findings() -> Any:
    from kairan.store.models import Finding

    return Finding.objects.filter(merged_into=None)


def held(**more: Any) -> Any:
    from kairan.store.models import HeldClosing

    return HeldClosing.objects.filter(**more).order_by("id")


def decide(number: int, *, close: bool) -> Any:
    from kairan.services.held import decide as decide_held

    return decide_held(number, close=close, actor="Ada", now=NOW)


def big_then_small(*, digest: str = SAME, left: int = 10) -> Any:
    take(report(*records(BIG), at=day(1), digest=SAME))
    return take(report(*records(left), record("CVE-2026-9999"), at=day(2), digest=digest))


@pytest.mark.corpus
def test_an_image_followed_by_its_empty_report_is_held_not_closed(corpus: Path) -> None:
    full, empty = (
        (corpus / "trivy" / f"scb-juice-shop-{name}.json").read_bytes()
        for name in ("v10.2.0", "v12.10.2-empty-results")
    )
    take(full)
    was_open = findings().filter(is_open=True).count()
    counts = take(empty)
    assert (counts.fixed, counts.held) == (0, was_open)
    assert findings().filter(is_open=True).count() == was_open > 50
    assert set(held().values_list("reason", "state")) == {("no_evidence", "waiting")}


def test_a_large_share_of_an_unchanged_artifact_is_held_and_the_rest_is_applied() -> None:
    counts = big_then_small()
    assert (counts.held, counts.fixed) == (110, 0)
    assert outcomes(counts) == {"unchanged": 10, "opened": 1}
    waiting = held().get()
    assert (waiting.reason, waiting.state, len(waiting.sightings)) == ("large_share", "waiting", 110)


def test_a_new_version_closes_without_asking() -> None:
    counts = big_then_small(digest="b")
    assert (counts.held, counts.fixed) == (0, 110)


def test_few_closings_are_never_held() -> None:
    take(report(*records(50), at=day(1), digest=SAME))
    assert take(report(at=day(2), digest=SAME)).fixed == 50


def test_half_of_them_may_go() -> None:
    take(report(*records(BIG), at=day(1), digest=SAME))
    assert take(report(*records(60), at=day(2), digest=SAME)).fixed == 60


def test_closing_what_is_held_ends_it_as_of_its_report() -> None:
    big_then_small()
    decide(held().get().id, close=True)
    gone = findings().filter(is_open=False)
    assert gone.count() == 110
    assert set(gone.values_list("closed_at", "close_reason")) == {(instant(2), "absent")}
    assert held().get().state == "closed"


def test_keeping_open_changes_no_finding() -> None:
    big_then_small()
    decide(held().get().id, close=False)
    assert findings().filter(is_open=True).count() == 121
    assert held().get().state == "kept"


def test_a_decision_is_made_once() -> None:
    big_then_small()
    number = held().get().id
    decide(number, close=False)
    for close in (True, False):
        with pytest.raises(IllegalTransition, match="settled already: kept"):
            decide(number, close=close)
    with pytest.raises(KairanError, match="no held closing 999999"):
        decide(999999, close=True)


def test_keep_open_is_remembered_until_the_set_changes() -> None:
    big_then_small()
    decide(held().get().id, close=False)
    same = take(report(*records(10), record("CVE-2026-9999"), at=day(3), digest=SAME))
    assert (same.held, held(state="waiting").count()) == (0, 0)
    other = take(report(*records(9), record("CVE-2026-9999"), at=day(4), digest=SAME))
    assert (other.held, held(state="waiting").count()) == (111, 1)


def test_a_newer_run_replaces_what_was_held() -> None:
    big_then_small()
    counts = take(report(*records(5), at=day(3), digest=SAME))
    assert counts.held == 116
    assert list(held().values_list("state", flat=True)) == ["replaced", "waiting"]


def test_a_newer_run_that_sees_them_again_asks_no_more() -> None:
    big_then_small()
    counts = take(report(*records(BIG), record("CVE-2026-9999"), at=day(3), digest=SAME))
    assert (counts.held, held(state="waiting").count()) == (0, 0)
    with pytest.raises(IllegalTransition, match="replaced"):
        decide(held().get().id, close=True)


def test_a_late_report_does_not_replace_what_is_held() -> None:
    big_then_small()
    take(report(*records(3), at="2026-11-01T12:00:00Z", digest=SAME))
    assert held(state="waiting").count() == 1
    assert findings().filter(is_open=True).count() == 121


def test_the_held_report_again_still_says_held_and_adds_nothing() -> None:
    big_then_small()
    small = report(*records(10), record("CVE-2026-9999"), at=day(2), digest=SAME)
    for document in (small, json.dumps(small, indent=2).encode(), small):
        assert take(document).held == 110
    assert held().count() == 1


def test_the_empty_report_again_still_says_held_and_adds_nothing() -> None:
    take(report(*records(3), at=day(1)))
    for _ in range(3):
        assert take(report(at=day(2), looked=False)).held == 3
    assert held().count() == 1
    newer = take(report(at=day(3), looked=False))
    assert (newer.held, held(state="waiting").count()) == (3, 1)


def test_an_older_empty_report_holds_nothing() -> None:
    take(report(*records(3), at=day(3)))
    assert take(report(at=day(2), looked=False)).held == 0


def test_a_partial_empty_report_holds_nothing() -> None:
    take(report(*records(3), at=day(1)))
    assert take(report(at=day(2), looked=False), complete=False).held == 0


def test_what_was_seen_again_since_is_not_closed_with_the_rest() -> None:
    take(report(*records(3), at=day(1)), report(at=day(2), looked=False))
    take(report(record(severity="LOW"), at=day(3)), complete=False)
    number = held(state="waiting").get().id
    decide(number, close=True)
    assert list(findings().filter(is_open=True).values_list("vulnerability__primary_id", flat=True)) == [
        "CVE-2026-0001"
    ]


def test_the_command_says_held_with_its_exit_code(cli: Any, tmp_path: Path) -> None:
    for number, document in enumerate((report(*records(3), at=day(1)), report(at=day(2), looked=False))):
        (tmp_path / f"{number}.json").write_text(json.dumps(document))
    assert cli("import", "--json", tmp_path / "0.json").returncode == 0
    done = cli("import", "--json", tmp_path / "1.json")
    assert (done.returncode, json.loads(done.stdout)["held"]) == (3, 3)
    assert cli("import", "--json", tmp_path / "1.json").returncode == 3
    (row,) = json.loads(cli("held", "--json").stdout)
    assert (row["sightings"], row["reason"]) == (3, "no_evidence")
    closed = cli("held", "close", str(row["id"]))
    assert (closed.returncode, "3 findings" in closed.stdout) == (0, True)
    again = cli("held", "close", str(row["id"]))
    assert again.returncode == 1
    assert "settled already" in again.stderr
    assert cli("import", "--json", tmp_path / "1.json").returncode == 0
