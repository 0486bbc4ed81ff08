"""One decision over many parts: in steps, every refusal kept, resumed after a kill, undone as one."""

from datetime import timedelta
from typing import Any

import pytest

from kairan.domain.errors import IllegalTransition
from kairan.domain.rights import Role
from kairan.services import bulk, triage
from kairan.services.actor import Actor
from kairan.services.triage import Choice, ChoiceError
from tests.cases import NOW, actor, case, part, someone, team

pytestmark = pytest.mark.django_db
DEFER = Choice("deferred", until="fix", reason="next quarter")
SHELL = Actor("root")


def parts(count: int, **said: Any) -> list[int]:
    web = team("web")
    return [part(case(web, **said)).pk for _ in range(count)]


def row(number: int) -> Any:
    from kairan.store.models import BulkDecision

    return BulkDecision.objects.get(pk=number)


def statuses() -> list[str]:
    from kairan.store.models import CasePart

    return sorted(CasePart.objects.values_list("status", flat=True))


def test_all_parts_get_the_decision_and_share_a_batch() -> None:
    from kairan.store.models import Decision

    number = bulk.start("status=new", parts(3), DEFER, SHELL, NOW)
    assert (row(number).state, statuses()) == ("waiting", ["new"] * 3)
    assert bulk.work(lambda: NOW)
    found = row(number)
    assert (found.state, found.done, found.refused, found.finished_at) == ("done", 3, [], NOW)
    assert statuses() == ["deferred"] * 3
    assert set(Decision.objects.values_list("batch", "reason")) == {(found.batch, "next quarter")}
    assert not bulk.work(lambda: NOW)


def test_what_is_refused_is_kept_with_its_reason_and_stops_nobody() -> None:
    resolved = parts(1, status="resolved", state="closed")
    number = bulk.start("", [*parts(1), 999_999, *resolved, *parts(1)], DEFER, SHELL, NOW)
    bulk.work(lambda: NOW)
    found = row(number)
    assert (found.state, found.done) == ("done", 4)
    assert [each[:2] for each in found.refused] == [[999_999, "gone"], [resolved[0], "not_allowed"]]
    assert statuses() == ["deferred", "deferred", "resolved"]


def test_a_right_that_is_lost_meanwhile_counts() -> None:
    person = someone(Role.TRIAGER)
    number = bulk.start("", parts(2), DEFER, actor(person), NOW)
    person.role = Role.VIEWER
    person.save()
    bulk.work(lambda: NOW)
    assert [each[1] for each in row(number).refused] == ["forbidden"] * 2
    assert statuses() == ["new"] * 2


def test_a_worker_that_dies_in_the_middle_loses_and_repeats_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from kairan.store.models import Decision

    monkeypatch.setattr(bulk, "_STEP", 2)
    number = bulk.start("", parts(5), DEFER, SHELL, NOW)
    real, calls = triage.decide, []

    class Killed(BaseException):
        pass

    def decide(*words: Any, **said: Any) -> Any:
        calls.append(words)
        if len(calls) == 4:
            raise Killed
        return real(*words, **said)

    monkeypatch.setattr(bulk, "decide", decide)
    with pytest.raises(Killed):
        bulk.work(lambda: NOW)
    assert (row(number).state, row(number).done, Decision.objects.count()) == ("running", 2, 2)
    bulk.work(lambda: NOW)
    assert (row(number).state, row(number).done, Decision.objects.count()) == ("done", 5, 5)
    assert statuses() == ["deferred"] * 5


def test_a_worker_that_is_asked_to_stop_goes_on_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "_STEP", 2)
    number = bulk.start("", parts(3), DEFER, SHELL, NOW)
    answers = iter([False, True])
    bulk.work(lambda: NOW, lambda: next(answers))
    assert row(number).done == 2
    bulk.work(lambda: NOW)
    assert row(number).state == "done"


def test_the_whole_batch_is_undone_but_what_moved_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "_STEP", 2)
    wanted = parts(5)
    number = bulk.start("", wanted, DEFER, SHELL, NOW)
    bulk.work(lambda: NOW)
    triage.move(wanted[2], "triaging", "", SHELL, NOW + timedelta(minutes=1))
    bulk.ask_undo(number, SHELL, NOW + timedelta(minutes=9))
    bulk.work(lambda: NOW + timedelta(minutes=30))
    found = row(number)
    assert (found.state, statuses()) == ("undone", ["new"] * 4 + ["triaging"])


def test_a_part_that_a_scan_moved_is_passed_over_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from kairan.store.models import CasePart

    monkeypatch.setattr(bulk, "_STEP", 2)
    wanted = parts(5)
    number = bulk.start("", wanted, DEFER, SHELL, NOW)
    bulk.work(lambda: NOW)
    CasePart.objects.filter(pk__in=wanted[2:4]).update(status="resolved", status_since=NOW + timedelta(minutes=1))
    bulk.ask_undo(number, SHELL, NOW + timedelta(minutes=2))
    bulk.work(lambda: NOW + timedelta(minutes=2))
    found = row(number)
    assert (found.state, statuses()) == ("undone", ["new"] * 3 + ["resolved"] * 2)
    assert sorted(each[:2] for each in found.refused) == [[each, "undo_not_allowed"] for each in wanted[2:4]]


def test_an_undo_stops_what_is_not_through_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "_STEP", 2)
    number = bulk.start("", parts(5), DEFER, SHELL, NOW)
    answers = iter([False, True])
    bulk.work(lambda: NOW, lambda: next(answers))
    bulk.ask_undo(number, SHELL, NOW)
    bulk.work(lambda: NOW)
    assert (row(number).state, row(number).done, statuses()) == ("undone", 2, ["new"] * 5)


def test_it_is_too_late_ten_minutes_after_the_end_and_once_is_enough() -> None:
    number = bulk.start("", parts(1), DEFER, SHELL, NOW)
    bulk.work(lambda: NOW)
    with pytest.raises(IllegalTransition):
        bulk.ask_undo(number, SHELL, NOW + timedelta(minutes=10, seconds=1))
    bulk.ask_undo(number, SHELL, NOW)
    with pytest.raises(IllegalTransition):
        bulk.ask_undo(number, SHELL, NOW)


def test_nothing_begins_with_a_choice_that_is_wrong_or_with_nothing_or_too_much(monkeypatch: Any) -> None:
    from kairan.store.models import BulkDecision

    monkeypatch.setattr(bulk, "MOST", 2)
    for choice, wanted in ((Choice("risk_accepted"), [1]), (DEFER, []), (DEFER, [1, 2, 3])):
        with pytest.raises(ChoiceError):
            bulk.start("", wanted, choice, SHELL, NOW)
    assert BulkDecision.objects.count() == 0


def test_evidence_and_dates_survive_the_way_through_the_row() -> None:
    from kairan.store.models import Decision

    said = Choice(
        "risk_accepted",
        reason="x",
        until_at=NOW + timedelta(days=9),
        evidence=(triage.Evidence(file="evidence/2026/07/03/abc", name="a.txt", size=1, type="text/plain"),),
    )
    bulk.start("", parts(1), said, SHELL, NOW)
    bulk.work(lambda: NOW)
    found = Decision.objects.get()
    assert (found.until, found.until_at, found.evidence[0]["name"]) == ("date", NOW + timedelta(days=9), "a.txt")
