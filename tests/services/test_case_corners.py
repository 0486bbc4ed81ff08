"""Corners of cases that a reviewer found: whose words count, what a date is, why something ended."""

from datetime import timedelta

import pytest

from kairan.domain.rights import Role
from kairan.services import aliases, bulk, route, triage
from kairan.services.actor import Actor
from kairan.services.choice import Choice, ChoiceError
from kairan.store.connection import raw_cursor
from kairan.store.models import Audit, BulkDecision, CaseEvent, CasePart, Decision, Finding
from kairan.store.queries import unrouted
from tests.cases import NOW as THEN
from tests.cases import actor, case, part, someone, team
from tests.reports import NOW, osv, record, take
from tests.ruling import put
from tests.services.test_route import OWNERS, routed, scan, two_names

ME = Actor("root")


@pytest.fixture(autouse=True)
def _store(store: None) -> None:
    """Everything here needs one."""


def test_a_bulk_decision_is_taken_back_by_who_asks_for_it() -> None:
    author, other = someone(Role.TRIAGER), someone(Role.ADMINISTRATOR)
    decided = part(case(team("web"))).pk
    number = bulk.start("", [decided], Choice("deferred", until="fix", reason="later"), actor(author), THEN)
    bulk.work(lambda: THEN)
    assert CasePart.objects.get().status == "deferred"
    author.is_active = False
    author.save()
    bulk.ask_undo(number, actor(other), THEN + timedelta(minutes=1))
    bulk.work(lambda: THEN + timedelta(minutes=1))
    assert (CasePart.objects.get().status, BulkDecision.objects.get().refused) == ("new", [])
    assert CaseEvent.objects.get(code="undone").person_id == other.pk
    assert Audit.objects.filter(action="case.undo").get().person_id == other.pk


def test_until_a_fix_is_no_term_where_one_is_known() -> None:
    put(owners=OWNERS)
    routed(scan("web", record(fixed="1.2")))
    mine = CasePart.objects.get().pk
    with pytest.raises(ChoiceError, match="a fix is known already"):
        triage.decide(mine, Choice("deferred", until="fix", reason="x"), ME, NOW)
    routed(scan("web", record(fixed=""), number=2))
    triage.decide(mine, Choice("deferred", until="fix", reason="x"), ME, NOW)
    assert CasePart.objects.get().status == "deferred"


def test_an_undone_decision_leaves_a_date_that_came_after_it() -> None:
    put(owners=OWNERS)
    routed(scan("web", record()))
    mine = CasePart.objects.get().pk
    for own, expected in ((None, timedelta(days=3)), (NOW + timedelta(days=9), None)):
        CasePart.objects.update(due_at=None)
        decided = triage.decide(mine, Choice("action_needed", reason="x", due_at=own), ME, NOW)
        if own is None:
            triage.set_due(mine, NOW + timedelta(days=3), ME, NOW + timedelta(minutes=1))
        assert decided.decision is not None
        triage.undo(decided.decision, ME, NOW + timedelta(minutes=2))
        assert CasePart.objects.get().due_at == (NOW + expected if expected else None)


def test_why_nothing_is_open_any_more_is_kept() -> None:
    put(owners=OWNERS)
    routed(scan("web", record()))
    routed(scan("web", number=2))
    assert CaseEvent.objects.get(code="part_resolved").params == {"reasons": {"absent": 1}}


def test_what_went_with_its_asset_is_not_said_to_be_fixed() -> None:
    put(owners=OWNERS)
    routed(scan("web", record()))
    Finding.objects.update(is_open=False, close_reason="asset_gone", closed_at=NOW)
    unrouted.add(raw_cursor(), [Finding.objects.get().pk], None, NOW)
    route.drain(NOW)
    assert CaseEvent.objects.get(code="part_resolved").params == {"reasons": {"asset_gone": 1}}


def test_findings_that_went_to_another_case_are_not_said_to_be_fixed() -> None:
    two_names()
    take(osv("GHSA-aaaa-bbbb-cccc", "CVE-2026-0001"))
    route.drain(NOW)
    aliases.withdraw("GHSA-aaaa-bbbb-cccc", "CVE-2026-0001", back=False, actor="test", now=NOW)
    route.drain(NOW + timedelta(minutes=1))
    assert CaseEvent.objects.get(code="part_resolved").params == {"reasons": {"moved": 1}}


def test_a_decision_that_waits_does_not_outlive_what_it_was_about() -> None:
    put(owners=OWNERS)
    routed(scan("web", record()))
    found = CasePart.objects.get()
    Decision.objects.create(
        part=found, status="risk_accepted", state="waiting", decided_at=NOW, actor="k", before={}, evidence=[]
    )
    routed(scan("web", number=2), now=NOW + timedelta(hours=1))
    routed(scan("web", record(), number=3), now=NOW + timedelta(days=5))
    assert (CasePart.objects.get().status, Decision.objects.get().state) == ("new", "ended")
