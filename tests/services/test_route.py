"""Findings become cases with a part for each team, and cases follow what becomes of them."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest

from kairan.domain.config import Rule
from kairan.domain.errors import IllegalTransition
from kairan.services import held, route, triage
from kairan.services.actor import Actor
from kairan.services.triage import Choice
from kairan.store.models import Asset, Case, CaseEvent, CaseFinding, CasePart, Decision, Delivery, Finding
from tests.reports import NOW, day, osv, record, records, report, take
from tests.ruling import HIGH, TELLS, cases, codes, put
from tests.services.test_across_sources import CVE, REGISTRY, dependabot, inspector
from tests.stores import rows_as_written

pytestmark = pytest.mark.usefixtures("sound_store")
WEB, PAY = "image:web", "image:pay"
OWNERS = {WEB: "web", PAY: "pay"}
ME = Actor("test")
CASE_TABLES = ("cases", "case_part", "case_finding", "case_event", "decision", "delivery", "owner")


def scan(image: str, *entries: dict[str, Any], number: int = 1, **more: Any) -> dict[str, Any]:
    return report(*entries, image=f"{image}:1.{number}", at=day(number), **more)


def routed(*documents: Any, now: datetime = NOW, **options: Any) -> None:
    take(*documents, now=now, **options)
    route.drain(now)


def part(team: str | None) -> CasePart:
    return CasePart.objects.get(team__key=team) if team else CasePart.objects.get(team=None)


def decide(team: str, status: str, now: datetime = NOW, **said: Any) -> None:
    justification = "component_not_present" if status == "not_affected" else ""
    triage.decide(part(team).pk, Choice(status, justification, reason="so", **said), ME, now)


def test_a_finding_that_a_rule_matches_opens_a_case() -> None:
    routed(report(record(), record("CVE-2026-0002", severity="LOW")))
    [case] = Case.objects.all()
    assert (case.state, case.status, case.findings, case.title) == ("open", "new", 1, "CVE-2026-0001")
    [part] = CasePart.objects.all()
    assert (part.status, part.findings, part.due_at) == ("new", 1, NOW + timedelta(days=30))


def test_one_vulnerability_of_three_sources_in_three_teams_is_one_case_of_three_parts() -> None:
    """One team's fix closes its own part only; when all are fixed the case is closed, where it was told too."""
    put(owners={"repo:acme/shop": "web", f"image:{REGISTRY}/shop": "pay", "image:batch": "ops"})
    routed(dependabot(), {"Findings": [inspector()]}, scan("batch", record(CVE, "sample")))
    [case] = cases()
    assert case["parts"] == {"web": ("new", 1), "pay": ("new", 1), "ops": ("new", 1)}

    routed(scan("batch", number=2))
    [case] = cases()
    assert case["parts"]["ops"] == ("resolved", 0)
    assert (case["state"], case["parts"]["web"]) == ("open", ("new", 1))

    routed(dependabot() | {"state": "fixed", "updated_at": day(3)}, now=NOW + timedelta(days=1))
    fixed = inspector()
    fixed |= {"RecordState": "ARCHIVED", "UpdatedAt": "2026-11-04T00:00:00Z"}
    routed({"Findings": [fixed]}, now=NOW + timedelta(days=1))
    [case] = cases()
    assert (case["state"], case["status"]) == ("closed", "resolved")
    [row] = Case.objects.all()
    assert codes(row)[-2:] == ["part_resolved", "closed"]
    assert Delivery.objects.filter(case=row).exists()


DECISIONS = ("risk_accepted", "deferred")


def test_routing_all_again_writes_nothing() -> None:
    from kairan.store.connection import raw_cursor
    from kairan.store.queries import unrouted

    put(owners=OWNERS)
    routed(scan("web", *records(5)), scan("pay", *records(3)))
    for one, status in zip(CasePart.objects.filter(team__key="web").order_by("id"), DECISIONS, strict=False):
        triage.decide(one.pk, Choice(status, reason="so", until_at=NOW + timedelta(days=9)), ME, NOW)
    cursor = raw_cursor()
    before = rows_as_written(cursor, *(table for table in CASE_TABLES if table != "owner"))
    unrouted.add(cursor, list(Finding.objects.values_list("id", flat=True)), None, NOW)
    route.drain(NOW + timedelta(hours=1))
    assert rows_as_written(cursor, *(table for table in CASE_TABLES if table != "owner")) == before
    assert not unrouted.are_waiting(cursor)


# --- reopening -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "expected"), [(89, 1), (91, 2)])
def test_back_within_90_days_is_the_same_case(days: int, expected: int) -> None:
    routed(scan("web", record()))
    routed(scan("web", number=2))
    later = NOW + timedelta(days=days)
    routed(scan("web", record(), number=3), now=later)
    found = cases()
    assert len(found) == expected
    assert found[-1]["state"] == "open"
    assert found[-1]["parts"] == {"": ("new", 1)}
    first = Case.objects.order_by("id")[0]
    assert ("reopened" in codes(first)) is (expected == 1)
    assert first.openings == (2 if expected == 1 else 1)
    assert CasePart.objects.get(status="new").due_at == later + timedelta(days=30)


def test_a_rule_says_within_which_time_it_is_the_same_case() -> None:
    put(rules=[Rule(name="high", when="severity:>=high", reopen_within="2d")])
    routed(scan("web", record()))
    routed(scan("web", number=2))
    routed(scan("web", record(), number=3), now=NOW + timedelta(days=3))
    assert [each["state"] for each in cases()] == ["closed", "open"]


# --- decisions cover what joins --------------------------------------------------------------------------------------


def test_a_decision_covers_what_joins_later() -> None:
    put(owners={"image:web*": "web"})
    routed(scan("web", record()))
    decide("web", "not_affected")
    told = Delivery.objects.filter(edits=False).count()
    routed(scan("web2", record()), now=NOW + timedelta(days=200))
    [case] = cases()
    assert case == {
        "title": "CVE-2026-0001", "state": "closed", "status": "not_affected", "parts": {"web": ("not_affected", 2)},
    }  # fmt: skip
    joined = CaseEvent.objects.get(code="joined")
    assert joined.params["covered"] is True
    assert Delivery.objects.filter(edits=False).count() == told


def test_another_team_is_not_covered_by_the_first_ones_decision() -> None:
    put(owners=OWNERS)
    routed(scan("web", record()))
    decide("web", "not_affected")
    routed(scan("pay", record()))
    [case] = cases()
    assert case["parts"] == {"web": ("not_affected", 1), "pay": ("new", 1)}
    assert case["state"] == "open"


def test_what_was_fixed_and_comes_back_is_still_covered_while_the_decision_stands() -> None:
    put(owners=OWNERS)
    routed(scan("web", record()))
    decide("web", "risk_accepted", until_at=NOW + timedelta(days=10))
    routed(scan("web", number=2))
    assert cases()[0]["status"] == "resolved"
    routed(scan("web", record(), number=3), now=NOW + timedelta(days=5))
    assert cases()[0]["parts"] == {"web": ("risk_accepted", 1)}
    routed(scan("web", number=4), now=NOW + timedelta(days=6))
    routed(scan("web", record(), number=5), now=NOW + timedelta(days=11))
    assert cases()[0]["parts"] == {"web": ("new", 1)}
    assert Decision.objects.get().state == "ended"


def test_undoing_a_decision_of_what_was_fixed_meanwhile_leaves_it_resolved() -> None:
    put(owners=OWNERS)
    routed(scan("web", record()))
    decide("web", "not_affected")
    routed(scan("web", number=2))
    with pytest.raises(IllegalTransition):
        triage.undo(Decision.objects.get().pk, ME, NOW + timedelta(minutes=1))
    assert cases()[0]["parts"] == {"web": ("resolved", 0)}


# --- ids that become one, and come apart -----------------------------------------------------------------------------


def two_names() -> None:
    """One problem under two ids, in two teams, and in one of them twice."""
    put(owners=OWNERS)
    routed(scan("web", record("CVE-2026-0001")), now=NOW - timedelta(days=1))
    routed(scan("pay", record("GHSA-aaaa-bbbb-cccc")))
    assert len(cases()) == 2


@pytest.mark.parametrize("size", [1, 1000])
def test_cases_of_ids_that_turn_out_to_be_one_become_one(size: int) -> None:
    two_names()
    first, second = Case.objects.order_by("id")
    take(osv("GHSA-aaaa-bbbb-cccc", "CVE-2026-0001"))
    route.drain(NOW, size=size)
    [case] = cases()
    assert case["parts"] == {"web": ("new", 1), "pay": ("new", 1)}
    second.refresh_from_db()
    assert (second.merged_into_id, second.state, second.is_current) == (first.pk, "closed", False)
    assert CaseEvent.objects.get(code="merged").params == {"case": second.pk}
    assert set(CaseEvent.objects.values_list("case_id", flat=True)) == {first.pk}


@pytest.mark.parametrize("size", [1, 1000])
def test_parts_of_one_team_become_one_and_the_stricter_decision_stays(size: int) -> None:
    put(owners={"image:web*": "web"})
    routed(scan("web", record("CVE-2026-0001")), now=NOW - timedelta(days=1))
    decide("web", "not_affected")
    routed(scan("web", record("CVE-2026-0001"), record("GHSA-aaaa-bbbb-cccc"), number=2))
    open_part = CasePart.objects.get(status="new")
    triage.move(open_part.pk, "action_needed", "we do it", ME, NOW)
    take(osv("GHSA-aaaa-bbbb-cccc", "CVE-2026-0001"))
    route.drain(NOW, size=size)
    [case] = cases()
    assert case["parts"] == {"web": ("action_needed", 1)}
    assert Decision.objects.filter(state="effective", status="not_affected").count() == 0
    assert Decision.objects.filter(part__case__merged_into=None).count() == 2


@pytest.mark.parametrize("size", [1, 1000])
def test_ids_that_come_apart_take_their_findings_with_them(size: int) -> None:
    from kairan.services import aliases

    two_names()
    take(osv("GHSA-aaaa-bbbb-cccc", "CVE-2026-0001"))
    route.drain(NOW)
    aliases.withdraw("GHSA-aaaa-bbbb-cccc", "CVE-2026-0001", back=False, actor="test", now=NOW)
    route.drain(NOW, size=size)
    open_ = cases(state="open")
    assert [each["parts"] for each in open_] == [
        {"web": ("new", 1), "pay": ("resolved", 0)},
        {"pay": ("new", 1)},
    ]
    assert {each["title"] for each in open_} == {"CVE-2026-0001", "GHSA-aaaa-bbbb-cccc"}


# --- owners ----------------------------------------------------------------------------------------------------------


def test_a_part_goes_to_its_new_owner_with_its_decision() -> None:
    put(owners={WEB: "web"})
    routed(scan("web", record()))
    decide("web", "risk_accepted", until_at=NOW + timedelta(days=9))
    put(owners={WEB: "pay"})
    route.drain(NOW)
    assert cases()[0]["parts"] == {"pay": ("risk_accepted", 1)}
    event = CaseEvent.objects.get(code="handed_over")
    assert event.params == {"old": "web", "new": "pay"}


@pytest.mark.parametrize("size", [1, 1000])
def test_a_part_of_which_some_findings_moved_is_split(size: int) -> None:
    put(owners={"image:*": "web"})
    routed(scan("web", record()), scan("pay", record()))
    decide("web", "risk_accepted", until_at=NOW + timedelta(days=9))
    put(owners=OWNERS)
    route.drain(NOW, size=size)
    assert cases()[0]["parts"] == {"web": ("risk_accepted", 1), "pay": ("new", 1)}


@pytest.mark.parametrize("size", [1, 1000])
def test_two_parts_that_come_to_one_team_become_one(size: int) -> None:
    put(owners=OWNERS)
    routed(scan("web", record()), scan("pay", record()))
    decide("web", "risk_accepted", until_at=NOW + timedelta(days=9))
    put(owners={"image:*": "ops"})
    route.drain(NOW, size=size)
    assert cases()[0]["parts"] == {"ops": ("new", 2)}


@pytest.mark.parametrize("size", [1, 1000])
def test_teams_that_exchange_what_they_own_exchange_their_parts(size: int) -> None:
    put(owners=OWNERS)
    routed(scan("web", record()), scan("pay", record()))
    decide("web", "risk_accepted", until_at=NOW + timedelta(days=9))
    put(owners={WEB: "pay", PAY: "web"})
    route.drain(NOW, size=size)
    assert cases()[0]["parts"] == {"pay": ("risk_accepted", 1), "web": ("new", 1)}


# --- what a case is about --------------------------------------------------------------------------------------------


def test_cases_of_a_fix_hold_what_one_upgrade_fixes() -> None:
    put(rules=[Rule(name="fix", when="severity:>=high", group_by="fix", tell=TELLS)])
    routed(
        scan("web", record("CVE-2026-0001", fixed="1.2"), record("CVE-2026-0002", fixed="1.2"), record("CVE-2026-0003"))
    )
    assert {(each["title"], each["parts"][""][1]) for each in cases()} == {("openssl 1.2", 2), ("CVE-2026-0003", 1)}


def test_cases_of_an_asset_hold_all_of_it() -> None:
    put(rules=[Rule(name="asset", when="severity:>=high", group_by="asset", tell=TELLS)])
    routed(scan("web", *records(3)), scan("pay", *records(2)))
    name = {asset.name: asset for asset in Asset.objects.all()}
    assert {each["title"]: each["parts"][""][1] for each in cases()} == dict(
        zip(sorted(name, reverse=True), (3, 2), strict=True)
    )


def test_cases_of_a_vulnerability_and_team_are_each_teams_own() -> None:
    put(owners=OWNERS, rules=[Rule(name="team", when="severity:>=high", group_by="vulnerability-team", tell=TELLS)])
    routed(scan("web", record()), scan("pay", record()), scan("other", record()))
    found = sorted(str(each["parts"]) for each in cases())
    assert found == ["{'': ('new', 1)}", "{'pay': ('new', 1)}", "{'web': ('new', 1)}"]
    put(
        owners={WEB: "pay", PAY: "pay"},
        rules=[Rule(name="team", when="severity:>=high", group_by="vulnerability-team", tell=TELLS)],
    )
    route.drain(NOW)
    assert sorted(str(each["parts"]) for each in cases()) == ["{'': ('new', 1)}", "{'pay': ('new', 2)}"]


@pytest.mark.parametrize("size", [1, 1000])
def test_teams_cases_that_meet_take_nothing_along_that_goes_elsewhere(size: int) -> None:
    rules = [Rule(name="team", when="severity:>=high", group_by="vulnerability-team", tell=TELLS)]
    put(owners={WEB: "web"}, rules=rules)
    for image in ("web", "pay", "ops"):
        routed(scan(image, record()))
    put(owners={PAY: "web"}, rules=rules)
    route.drain(NOW, size=size)
    assert sorted(str(each["parts"]) for each in cases()) == ["{'': ('new', 2)}", "{'web': ('new', 1)}"]


def test_a_control_is_a_case_of_its_own() -> None:
    from tests.reports import check

    put(rules=[Rule(name="control", when="severity:>=high", group_by="control", tell=TELLS)])
    routed(report(record(), results=[check("DS002", "FAIL")]))
    assert sorted(Case.objects.values_list("group_key", flat=True))[0].startswith("control:")
    assert len(cases()) == 2


# --- rules -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 1000])
def test_one_vulnerability_is_one_case_also_where_several_rules_fit(size: int) -> None:
    """The first rule that fits one of its findings is the case's; the others add whom to tell."""
    put(rules=[Rule(name="critical", when="severity:critical", tell=TELLS), HIGH, Rule(name="all", tell=TELLS)])
    take(scan("web", record(severity="HIGH")), scan("pay", record(severity="CRITICAL")))
    route.drain(NOW, size=size)
    [case] = Case.objects.all()
    assert (case.rule, case.also, case.severity) == ("critical", ["high", "all"], 5)


def test_a_severity_that_rises_is_told_and_brings_the_date_forward() -> None:
    put(owners=OWNERS)
    routed(scan("web", record(severity="HIGH")))
    later = NOW + timedelta(days=1)
    routed(scan("web", record(severity="CRITICAL"), number=2), now=later)
    worse = CaseEvent.objects.get(code="worse")
    assert worse.params == {"old": "high", "new": "critical"}
    assert part("web").due_at == later + timedelta(days=7)
    assert CaseEvent.objects.filter(code="due").exists()


def test_a_persons_date_stands_when_it_gets_worse() -> None:
    put(owners=OWNERS)
    routed(scan("web", record(severity="HIGH")))
    date = NOW + timedelta(days=60)
    triage.decide(part("web").pk, Choice("action_needed", reason="so", due_at=date), ME, NOW)
    routed(scan("web", record(severity="CRITICAL"), number=2))
    assert part("web").due_at == date


def test_a_finding_that_no_rule_fits_any_more_stays() -> None:
    put(owners=OWNERS)
    routed(scan("web", record(severity="HIGH")))
    routed(scan("web", record(severity="LOW"), number=2))
    assert cases()[0]["parts"] == {"web": ("new", 1)}


def test_a_rule_that_comes_later_is_added() -> None:
    put(rules=[HIGH])
    routed(scan("web", record()))
    put(rules=[HIGH, Rule(name="all", tell=TELLS)])
    route.drain(NOW)
    assert Case.objects.get().also == ["all"]
    assert CaseEvent.objects.get(code="rule_added").params == {"rule": "all"}


def test_held_closings_reach_the_cases_when_a_person_closes_them() -> None:
    put(owners=OWNERS)
    routed(scan("web", *records(60)))
    assert len(cases(state="open")) == 60
    take(report(image="web:1.1", at=day(2)))
    route.drain(NOW)
    assert len(cases(state="open")) == 60
    [waiting] = held.waiting()
    held.decide(waiting.id, close=True, actor="test", now=NOW)
    route.drain(NOW)
    assert len(cases(state="open")) == 0


# --- several routers, and people meanwhile ---------------------------------------------------------------------------


def test_two_routers_at_once_do_what_one_does() -> None:
    from django.db import connection

    put(owners=OWNERS)
    take(scan("web", *records(120)), scan("pay", *records(120)))

    def run() -> None:
        try:
            route.drain(NOW, size=30)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert Case.objects.count() == 120
    assert CaseFinding.objects.filter(left_at=None).count() == 240
    assert CaseEvent.objects.filter(code="opened").count() == 120
