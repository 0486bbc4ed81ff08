"""A configuration put in force, or tried, while others work: nothing is lost, and nobody waits for long."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from kairan.domain.config import Rule
from kairan.services import applying, deliver, route
from kairan.services.config_file.checking import check_text
from kairan.store.connection import raw_cursor
from kairan.store.models import Case
from kairan.store.queries import routing
from tests.reports import NOW, record, report, take
from tests.ruling import HIGH, TELLS, cases, put
from tests.services.test_applying import ME, TWO
from tests.services.test_route import routed, scan
from tests.threads import beside


def test_what_is_being_routed_by_the_old_rules_is_looked_at_by_the_new_ones(
    store: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(rules=[Rule(name="critical", when="severity:critical", tell=TELLS)])
    route.drain(NOW)
    take(report(record(severity="HIGH")), now=NOW)
    taken, go, real = threading.Event(), threading.Event(), routing.take

    def pause(*given: Any) -> int:
        found = real(*given)
        taken.set()
        assert go.wait(20)
        return found

    monkeypatch.setattr(routing, "take", pause)
    router = beside(lambda: route.batch(NOW))
    assert taken.wait(20)
    applier = beside(lambda: put(rules=[HIGH]))
    applier.join(0.5)
    go.set()
    router.join(20)
    applier.join(20)
    monkeypatch.setattr(routing, "take", real)
    route.drain(NOW + timedelta(minutes=5))
    assert [each["status"] for each in cases()] == ["new"]


def test_who_wakes_a_worker_does_not_wait_for_a_diff(store: None, monkeypatch: pytest.MonkeyPatch) -> None:
    take(report(record("CVE-2026-0001", "openssl"), image="ghcr.io/acme/web:1"))
    applying.apply(check_text(TWO, "kairan.yaml", NOW), ME, NOW)
    route.drain(NOW)
    raw_cursor().execute("DELETE FROM procrastinate_jobs")
    inside, go, real = threading.Event(), threading.Event(), applying._rehearsed

    def pause(*given: Any) -> Any:
        found = real(*given)
        inside.set()
        assert go.wait(20)
        return found

    monkeypatch.setattr(applying, "_rehearsed", pause)
    moved = check_text(TWO.replace("C1, name: web", "C9, name: w9"), "kairan.yaml", NOW)
    trial = beside(lambda: applying.diff(moved, NOW))
    assert inside.wait(20)
    cursor = raw_cursor()
    cursor.execute("SET statement_timeout = '5s'")
    deliver.wake()
    cursor.execute("RESET statement_timeout")
    go.set()
    trial.join(20)


def test_a_diff_that_takes_too_long_says_so(store: None, monkeypatch: pytest.MonkeyPatch) -> None:
    take(report(record("CVE-2026-0001", "openssl"), image="ghcr.io/acme/web:1"))
    monkeypatch.setattr(applying, "ROUTING_SECONDS", 0)
    found = applying.diff(check_text(TWO, "kairan.yaml", NOW), NOW)
    assert not found.report.cases.is_whole
    assert "can be tried out" in found.report.cases.why_not


@pytest.mark.parametrize("moves_first", [False, True])
def test_news_of_a_scan_is_told_also_where_a_changed_owner_waits_before_it(store: None, moves_first: bool) -> None:
    """What a changed configuration has looked at again is no news; what a scan says of it meanwhile is."""
    put(owners={"image:web": "web"})
    routed(scan("web", record("CVE-2026-0009")))
    later = NOW + timedelta(days=3)
    low, critical = (record("CVE-2026-0002", severity=how) for how in ("LOW", "CRITICAL"))
    routed(scan("web", record("CVE-2026-0009"), low, number=3), now=later)
    if moves_first:
        put(owners={"image:web": "pay"}, now=later)
    take(scan("web", record("CVE-2026-0009"), critical, number=5), now=later + timedelta(hours=1))
    route.drain(later + timedelta(hours=1))
    assert Case.objects.get(title="CVE-2026-0002").told_at is not None
