"""Which ids are one vulnerability: merging, undoing, disputes; on real GO and GHSA advisories and on any set."""

import json
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kairan.domain.errors import KairanError
from tests.reports import NOW, day, instant, osv, outcomes, record, report, take
from tests.stores import Rows, broken_invariants, look

See = Callable[..., dict[str, Rows]]
CVE, GHSA, GO = "CVE-2026-1111", "GHSA-aaaa-bbbb-cccc", "GO-2026-0001"


def findings() -> Any:
    from kairan.store.models import Finding

    return Finding.objects.filter(merged_into=None).order_by("id")


def withdraw(one: str, other: str, *, back: bool = False) -> int:
    from kairan.services.aliases import withdraw as take_back

    return take_back(one, other, back=back, actor="Ada", now=NOW + timedelta(hours=1))


def three_names_of_one() -> None:
    """One vulnerability in one package, reported under three ids at different times; one of them gone again."""
    take(report(record(CVE, severity="LOW"), at=day(3)))
    take(report(record(CVE, severity="LOW"), record(GHSA, severity="CRITICAL"), at=day(4)))
    take(report(record(GHSA, severity="CRITICAL"), record(GO, severity="HIGH"), at=day(5)))


# --- merging and taking it back


@pytest.mark.usefixtures("sound_store")
def test_findings_under_three_ids_become_one() -> None:
    three_names_of_one()
    oldest = findings().first()
    take(osv(GO, GHSA, CVE))
    finding = findings().get()
    assert finding.id == oldest.id
    assert (finding.is_open, finding.severity, finding.first_seen) == (True, 5, instant(3))
    assert finding.vulnerability.primary_id == CVE
    assert {s.identifier.value for s in finding.sightings.all()} == {CVE, GHSA, GO}


@pytest.mark.usefixtures("sound_store")
def test_the_short_ids_of_folded_findings_lead_to_the_one_they_became() -> None:
    from kairan.store.models import Finding

    three_names_of_one()
    take(osv(GO, GHSA, CVE))
    kept = findings().get()
    assert {each.merged_into_id for each in Finding.objects.exclude(id=kept.id)} == {kept.id}


@pytest.mark.usefixtures("sound_store")
def test_findings_of_other_packages_are_not_folded_but_share_the_vulnerability() -> None:
    take(report(record(CVE, "openssl"), record(GHSA, "curl")))
    take(osv(GHSA, CVE))
    assert findings().count() == 2
    assert len({each.vulnerability_id for each in findings()}) == 1


@pytest.mark.usefixtures("store")
def test_withdrawing_brings_exactly_the_store_back_that_was_before(seen: See) -> None:
    three_names_of_one()
    before = seen("findings", "sightings", "scopes")
    take(osv(GO, GHSA, CVE))
    merged = seen("findings", "sightings", "scopes")
    assert merged != before
    withdraw(GO, GHSA)
    withdraw(GO, CVE)
    assert seen("findings", "sightings", "scopes") == before
    withdraw(CVE, GO, back=True)
    withdraw(GHSA, GO, back=True)
    assert seen("findings", "sightings", "scopes") == merged


@pytest.mark.usefixtures("sound_store")
def test_rows_keep_their_short_ids_through_merge_and_undoing() -> None:
    from kairan.store.models import Finding

    three_names_of_one()
    names = {each.id: each.vulnerability.primary_id for each in findings()}
    take(osv(GO, GHSA, CVE))
    withdraw(GO, GHSA)
    withdraw(GO, CVE)
    assert {each.id: each.vulnerability.primary_id for each in findings()} == names
    assert Finding.objects.count() == 3


@pytest.mark.usefixtures("sound_store")
def test_what_was_first_seen_while_merged_comes_apart_too() -> None:
    take(report(record(CVE), at=day(1)), osv(GHSA, CVE), report(record(CVE), record(GHSA), at=day(2)))
    assert findings().count() == 1
    withdraw(GHSA, CVE)
    assert sorted(findings().values_list("vulnerability__primary_id", "is_open", "first_seen")) == [
        (CVE, True, instant(1)),
        (GHSA, True, instant(2)),
    ]


@pytest.mark.usefixtures("sound_store")
def test_a_finding_seen_only_under_the_younger_id_moves_with_it() -> None:
    take(report(record(CVE), at=day(1)), osv(GHSA, CVE), report(record(GHSA), at=day(2)))
    assert findings().get().is_open
    withdraw(GHSA, CVE)
    assert sorted(findings().values_list("vulnerability__primary_id", "is_open")) == [(CVE, False), (GHSA, True)]
    withdraw(GHSA, CVE, back=True)
    assert findings().get().is_open


@pytest.mark.usefixtures("sound_store")
def test_reports_of_merged_ids_are_unchanged_the_next_time() -> None:
    three_names_of_one()
    take(osv(GO, GHSA, CVE))
    counts = take(report(record(GHSA, severity="CRITICAL"), record(GO, severity="HIGH"), at=day(6)))
    assert outcomes(counts) == {"unchanged": 2}


@pytest.mark.usefixtures("sound_store")
def test_a_merged_finding_stays_open_while_one_id_is_still_reported() -> None:
    take(report(record(CVE), record(GHSA), at=day(1)), osv(GHSA, CVE))
    take(report(record(GHSA), at=day(2)))
    assert findings().get().is_open
    take(report(at=day(3)))
    finding = findings().get()
    assert (finding.is_open, finding.closed_at) == (False, instant(3))


@pytest.mark.usefixtures("sound_store")
def test_an_assertion_said_again_after_it_was_withdrawn_stays_withdrawn() -> None:
    take(report(record(CVE), record(GHSA)), osv(GHSA, CVE))
    withdraw(GHSA, CVE)
    take(osv(GHSA, CVE, summary="new text"))
    assert findings().count() == 2


@pytest.mark.usefixtures("sound_store")
def test_withdrawing_what_nobody_says_is_refused() -> None:
    with pytest.raises(KairanError, match="nobody says"):
        withdraw(GHSA, CVE)


@pytest.mark.usefixtures("sound_store")
def test_merging_is_told_to_the_findings() -> None:
    from kairan.store.models import Audit, Event

    take(report(record(CVE), record(GHSA)), osv(GHSA, CVE))
    assert Event.objects.filter(code="merged").count() == 1
    withdraw(GHSA, CVE)
    assert Event.objects.filter(code="split").count() == 1
    assert Audit.objects.get().action == "alias.withdraw"


# --- real advisories


@pytest.fixture
def advisories(corpus: Path) -> list[dict[str, Any]]:
    documents = [json.loads(path.read_bytes()) for path in sorted((corpus / "osv").glob("GO-*.json"))]
    merging = [each for each in documents if any(a.startswith("GHSA-") for a in each.get("aliases") or ())]
    return merging[::3]


@pytest.mark.corpus
@pytest.mark.usefixtures("store")
def test_real_go_and_ghsa_ids_merge_and_come_apart_again(advisories: list[dict[str, Any]], seen: See) -> None:
    scan = [
        record(id_, f"package-{number}", severity=("LOW", "HIGH")[position % 2])
        for number, each in enumerate(advisories)
        for position, id_ in enumerate((each["id"], *each["aliases"]))
    ]
    take(report(*scan))
    apart = seen("findings", "sightings")
    take(*advisories)
    merged = seen("findings", "sightings")
    assert len(apart["findings"]) == len(scan)
    assert len(merged["findings"]) <= len(scan) - len(advisories)
    for row in look_assertions():
        withdraw(*row)
    assert seen("findings", "sightings") == apart
    for row in look_assertions():
        withdraw(*row, back=True)
    assert seen("findings", "sightings") == merged


def look_assertions() -> list[tuple[str, str]]:
    from kairan.store.models import AliasAssertion

    return sorted(set(AliasAssertion.objects.values_list("left", "right")))


@pytest.mark.corpus
@pytest.mark.usefixtures("sound_store")
def test_a_notice_about_68_ids_merges_nothing_and_links_all(corpus: Path) -> None:
    from kairan.store.models import AdvisoryIdentifier, AliasAssertion

    notice = json.loads((corpus / "osv" / "osvdev-USN-6332-1.json").read_bytes())
    ids = set(notice["upstream"])  # 34 CVE ids, and Ubuntu's own name for each
    assert len(ids) == 68
    take(report(*(record(value) for value in sorted(ids))), notice)
    assert findings().count() == len(ids)
    assert not AliasAssertion.objects.exists()
    linked = AdvisoryIdentifier.objects.filter(advisory__external_id=notice["id"])
    assert ids <= set(linked.values_list("identifier__value", flat=True))


# --- at the same time


@pytest.mark.usefixtures("store")
def test_merges_while_reports_come_in_end_as_one_after_the_other(emptied: Callable[[], None], seen: See) -> None:
    ids = [(f"CVE-2026-{n:04d}", f"GHSA-aaaa-bbbb-{n:04d}", f"GO-2026-{n:04d}") for n in range(1, 13)]
    scans = [
        report(*(record(each[kind], severity="HIGH") for each in ids), at=day(at), image=f"shop-{kind}:{at}")
        for kind in range(3)
        for at in (1, 2)
    ]
    scans += [report(*(record(value) for each in ids for value in each), image="all:1")]
    documents = [*scans, *(osv(go, ghsa, cve) for cve, ghsa, go in ids)]
    take(*documents)
    expected = seen("findings", "sightings", "assertions")
    emptied()
    random.Random(7).shuffle(documents)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(taken_alone, documents))
    assert seen("findings", "sightings", "assertions") == expected


def taken_alone(document: dict[str, Any]) -> None:
    from django.db import connections

    try:
        take(document)
    finally:
        connections.close_all()


def test_invariants_are_looked_at(store: None) -> None:
    """The reader that other tests rest on does find what is wrong."""
    from kairan.store.connection import raw_cursor
    from kairan.store.models import Finding

    take(report(record()))
    Finding.objects.update(is_open=False, closed_at=NOW)
    assert set(broken_invariants(raw_cursor())) == {
        "a finding is closed and somebody sees it",
        "the last event does not match the state",
    }
    assert look(raw_cursor(), "findings")["findings"][0][1] is False
