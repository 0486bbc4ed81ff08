"""What time alone does: terms end, claims are doubted, teams reminded, baselines released."""

from datetime import timedelta
from typing import Any

import pytest

from kairan.domain.config import Baseline, Channel, Escalate, Remind, Rule, Source, Team
from kairan.services import baseline, route, terms, timers, triage
from kairan.services.actor import Actor
from kairan.services.triage import Choice
from kairan.store.models import Case, CaseEvent, CasePart, Decision, Delivery
from kairan.store.models import Source as SourceRow
from tests.reports import NOW, day, record, records, report, take
from tests.ruling import TELLS, cases, put

pytestmark = pytest.mark.usefixtures("sound_store")
ME = Actor("test")
DAY = timedelta(days=1)


def rule(**more: Any) -> Rule:
    return Rule(name="high", when="severity:>=high", tell=TELLS, **more)


def scan(*entries: dict[str, Any], number: int = 1, image: str = "web") -> dict[str, Any]:
    return report(*entries, image=f"{image}:1.{number}", at=day(number))


def routed(*documents: Any, now: Any = NOW) -> None:
    take(*documents, now=now)
    route.drain(now)


def decide(status: str, **said: Any) -> None:
    triage.decide(CasePart.objects.get().pk, Choice(status, reason="so", **said), ME, NOW)


def look(now: Any) -> tuple[str, str]:
    timers.due(now)
    part = CasePart.objects.get()
    return part.status, part.relook


def test_an_accepted_risk_ends_at_its_date_and_asks_again() -> None:
    put(owners={"image:web": "web"})
    routed(scan(record()))
    decide("risk_accepted", until_at=NOW + 5 * DAY)
    assert look(NOW + 4 * DAY) == ("risk_accepted", "")
    assert look(NOW + 5 * DAY) == ("triaging", "expired")
    assert Decision.objects.get().state == "ended"
    assert CaseEvent.objects.get(code="expired").params == {"why": "date"}
    assert cases()[0]["state"] == "open"
    assert look(NOW + 6 * DAY) == ("triaging", "expired")
    assert CaseEvent.objects.filter(code="expired").count() == 1


def test_a_deferral_until_a_fix_ends_when_one_is_known() -> None:
    put(owners={"image:web": "web"})
    routed(scan(record()))
    decide("deferred", until="fix")
    assert look(NOW + DAY) == ("deferred", "")
    routed(scan(record(fixed="1.2"), number=2))
    assert look(NOW + DAY) == ("triaging", "fix_known")


def test_a_deferral_until_exploitation_waits_for_what_nobody_knows_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    from psycopg.sql import SQL

    put(owners={"image:web": "web"})
    routed(scan(record()))
    decide("deferred", until="exploitation")
    assert look(NOW + DAY) == ("deferred", "")
    monkeypatch.setattr(terms, "exploited", lambda now: SQL("f.severity >= 4"))  # as if a source said so
    assert look(NOW + DAY) == ("triaging", "exploited")


def test_a_decision_of_what_is_fixed_just_ends() -> None:
    put(owners={"image:web": "web"})
    routed(scan(record()))
    decide("risk_accepted", until_at=NOW + 5 * DAY)
    routed(scan(number=2))
    assert look(NOW + 6 * DAY) == ("resolved", "")
    assert Decision.objects.get().state == "ended"
    assert not CaseEvent.objects.filter(code="expired").exists()


@pytest.mark.parametrize(("number", "expected"), [(20, "fix_claimed"), (22, "action_needed")])
def test_a_claim_is_doubted_by_a_newer_report_only(number: int, expected: str) -> None:
    put(owners={"image:web": "web"})
    routed(scan(record()))
    decide("fix_claimed")
    routed(scan(record(), number=number), now=NOW + DAY)
    assert look(NOW + 2 * DAY)[0] == expected
    assert CaseEvent.objects.filter(code="still_seen").count() == (expected == "action_needed")


def test_a_team_that_does_not_answer_is_reminded_so_often_and_then_another_is_told() -> None:
    escalate = Escalate("preview", Channel("C-boss", "boss"), "7d")
    put(owners={"image:web": "web"}, rules=[rule(remind=Remind("3d", "2d", 2), escalate=escalate)])
    routed(scan(record()))
    for days in range(12):
        timers.due(NOW + days * DAY)
        timers.due(NOW + days * DAY)
    events = CaseEvent.objects.filter(code__in=("reminded", "escalated")).order_by("id")
    assert [(each.code, (each.at - NOW).days) for each in events] == [
        ("reminded", 3),
        ("reminded", 5),
        ("escalated", 7),
    ]
    assert Delivery.objects.filter(purpose="reminder").count() == 2
    assert Delivery.objects.filter(purpose="escalation", channel="C-boss").count() == 1


def test_an_answer_ends_the_reminders() -> None:
    put(owners={"image:web": "web"}, rules=[rule(remind=Remind("3d", "2d", 2))])
    routed(scan(record()))
    decide("action_needed")
    timers.due(NOW + 9 * DAY)
    assert not CaseEvent.objects.filter(code="reminded").exists()


# --- the silent baseline ---------------------------------------------------------------------------------------------


def test_a_first_connection_that_finds_much_is_silent_and_told_in_slices_the_worst_first() -> None:
    put(owners={"image:web": "web"}, baseline=Baseline(slice=2, at="0 10 * * *"))
    routed(scan(*records(4), record("CVE-2026-0009", severity="CRITICAL")))
    assert Case.objects.filter(told_at=None).count() == 5
    assert not Delivery.objects.exists()
    assert SourceRow.objects.get().baseline_at is not None

    ten = NOW + timedelta(hours=1)
    timers.due(ten - timedelta(minutes=1))
    assert not Delivery.objects.exists()
    for minute in range(3):
        timers.due(ten + timedelta(minutes=minute))
    told = Case.objects.exclude(told_at=None)
    assert told.count() == 2
    assert told.filter(title="CVE-2026-0009").exists()
    assert Delivery.objects.filter(purpose="psirt_post").count() == 2
    timers.due(ten + DAY)
    assert Case.objects.filter(told_at=None).count() == 1


def test_what_a_source_finds_later_is_told_at_once() -> None:
    put(owners={"image:web": "web"}, baseline=Baseline(slice=2))
    routed(scan(*records(4)))
    routed(scan(*records(4), record("CVE-2026-0009"), number=2))
    assert [each.title for each in Case.objects.exclude(told_at=None)] == ["CVE-2026-0009"]


def test_a_first_connection_that_finds_little_is_told_at_once() -> None:
    put(owners={"image:web": "web"}, baseline=Baseline(slice=5))
    routed(scan(*records(4)))
    assert not Case.objects.filter(told_at=None).exists()
    assert Delivery.objects.filter(purpose="psirt_post").count() == 4


def test_a_source_may_be_told_from_its_first_run_on() -> None:
    said = Source("trivy", "trivy", baseline="tell")
    put(owners={"image:web": "web"}, baseline=Baseline(slice=2), sources=(said,))
    routed(scan(*records(4)))
    assert not Case.objects.filter(told_at=None).exists()


def test_a_person_releases_as_many_as_wanted() -> None:
    put(owners={"image:web": "web"}, baseline=Baseline(slice=2))
    routed(scan(*records(4)))
    assert baseline.release(3, ME, NOW) == baseline.Released(3, 1)
    assert Delivery.objects.filter(purpose="psirt_post").count() == 3
    assert baseline.release(3, ME, NOW) == baseline.Released(1, 0)


def test_what_is_fixed_before_its_slice_is_not_told() -> None:
    put(owners={"image:web": "web"}, baseline=Baseline(slice=1))
    routed(scan(*records(3)))
    routed(scan(*records(1), number=2))
    assert baseline.release(9, ME, NOW).released == 1


def test_a_preview_shows_what_teams_without_a_channel_are_reminded_of() -> None:
    put(owners={"image:web": "web"}, rules=[rule(remind=Remind("3d", "2d", 2))], teams=(Team("web"),))
    routed(scan(record()))
    timers.due(NOW + 3 * DAY)
    assert Delivery.objects.get(purpose="reminder").channel == "web"
