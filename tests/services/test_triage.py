"""What people do with a part: every move, what is asked for, what is kept, what is undone."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from kairan.domain.errors import ForbiddenError, IllegalTransition
from kairan.domain.rights import Role
from kairan.domain.triage import Status, moves
from kairan.services import triage
from kairan.services.actor import Actor
from kairan.services.triage import Choice, ChoiceError, Evidence
from tests.cases import NOW, actor, case, part, someone, team

pytestmark = pytest.mark.django_db
SHELL = Actor("root")
LATER = NOW + timedelta(days=30)
ENOUGH: dict[Status, dict[str, Any]] = {
    Status.NOT_AFFECTED: {"justification": "component_not_present"},
    Status.RISK_ACCEPTED: {"reason": "behind a firewall", "until": "date", "until_at": LATER},
    Status.DEFERRED: {"until": "fix"},
    Status.FALSE_POSITIVE: {"reason": "another package"},
}


def choice(status: Status, **more: Any) -> Choice:
    return Choice(status, **(ENOUGH.get(status, {}) | more))


def events(made: Any) -> list[str]:
    return list(made.events.order_by("pk").values_list("code", flat=True))


def audits() -> list[str]:
    from kairan.store.models import Audit

    return list(Audit.objects.order_by("pk").values_list("action", flat=True))


@pytest.mark.parametrize(("old", "new"), list(itertools.product(Status, Status)))
def test_exactly_the_moves_of_the_table_are_taken(old: Status, new: Status) -> None:
    made = case(team("web"), status=old)
    if new == Status.RESOLVED:
        with pytest.raises(ChoiceError):
            triage.decide(part(made).pk, choice(new), SHELL, NOW)
    elif new in moves(old):
        triage.decide(part(made).pk, choice(new), SHELL, NOW)
        assert part(made).status == new
    else:
        with pytest.raises(IllegalTransition):
            triage.decide(part(made).pk, choice(new), SHELL, NOW)
        assert part(made).status == old
        assert audits() == []


def test_a_decision_is_kept_told_and_audited() -> None:
    web = team("web", member := someone())
    made = case(web, team("pay"))
    evidence = (Evidence(link="https://example.com/proof"),)
    said = choice(Status.NOT_AFFECTED, reason=" we do not ship it\r\nreally ", evidence=evidence, due_at=LATER)
    decided = triage.decide(part(made, "web").pk, said, actor(member), NOW)
    made.refresh_from_db()
    found = part(made, "web")
    assert (decided.state, found.status, found.decision_id, found.due_at) == (
        "effective",
        "not_affected",
        decided.decision,
        LATER,
    )
    assert (found.decision.reason, found.decision.evidence) == (
        "we do not ship it\nreally",
        [{"link": "https://example.com/proof"}],
    )
    assert (made.status, made.state, made.updated_at) == ("new", "open", NOW)
    assert events(made) == ["opened", "decided"]
    assert audits() == ["case.decide"]


def test_a_case_closes_when_its_last_part_is_settled_and_says_so() -> None:
    made = case(team("web"))
    triage.decide(part(made).pk, choice(Status.FALSE_POSITIVE), SHELL, NOW)
    made.refresh_from_db()
    assert (made.state, made.closed_at, events(made)) == ("closed", NOW, ["opened", "decided", "closed"])


def test_a_case_is_parked_by_a_decision_that_ends_one_day() -> None:
    made = case(team("web"))
    triage.decide(part(made).pk, choice(Status.RISK_ACCEPTED), SHELL, NOW)
    made.refresh_from_db()
    assert (made.state, part(made).until_at) == ("parked", LATER)


WRONG = [
    (Choice("nonsense"), {"status": "no_status"}),
    (Choice("resolved"), {"status": "only_scans"}),
    (Choice("not_affected"), {"justification": "no_justification"}),
    (Choice("not_affected", justification="because"), {"justification": "no_justification"}),
    (Choice("deferred", until="fix", justification="component_not_present"), {"justification": "not_here"}),
    (Choice("risk_accepted"), {"reason": "no_reason", "until": "no_end"}),
    (Choice("risk_accepted", reason="x", until="date"), {"until_at": "no_date"}),
    (Choice("risk_accepted", reason="x", until_at=NOW), {"until_at": "in_the_past"}),
    (Choice("deferred"), {"until": "no_end"}),
    (Choice("deferred", until="never"), {"until": "no_until"}),
    (Choice("deferred", until_at=NOW + timedelta(days=3_000)), {"until_at": "too_far"}),
    (Choice("triaging", until="fix"), {"until": "not_here"}),
    (Choice("false_positive", reason=" \n"), {"reason": "no_reason"}),
    (Choice("action_needed", due_at=NOW - timedelta(days=1)), {"due_at": "in_the_past"}),
    (Choice("triaging", reason="x" * 4_001), {"reason": "too_long"}),
    (Choice("triaging", evidence=(Evidence(link="https://a.example"),) * 21), {"evidence": "too_many"}),
    *(
        (Choice("triaging", evidence=(Evidence(link=link),)), {"evidence": "no_link"})
        for link in (
            "javascript:alert(1)",
            "data:text/html,x",
            "//a",
            "https://",
            "http://[",
            "ftp://a",
            "",
            "https://a b",
        )
    ),
]


def test_a_line_end_counts_as_one_sign_as_browsers_count_it() -> None:
    made = case(team("web"))
    reason = "ab\r\n" * 1_333 + "c"  # 4,000 signs with line ends as one, 5,333 as two
    triage.decide(part(made).pk, Choice("triaging", reason=reason), SHELL, NOW)
    assert part(made).decisions.get().reason == reason.replace("\r", "")
    with pytest.raises(ChoiceError):
        triage.decide(part(made).pk, Choice("triaging", reason=reason + "de"), SHELL, NOW)


@pytest.mark.parametrize(("said", "wrong"), WRONG)
def test_what_is_missing_or_wrong_is_said_of_its_field(said: Choice, wrong: dict[str, str]) -> None:
    made = case(team("web"))
    with pytest.raises(ChoiceError) as caught:
        triage.decide(part(made).pk, said, SHELL, NOW)
    assert {name: each.code for name, each in caught.value.wrong.items()} == wrong
    assert str(caught.value)
    assert (part(made).status, events(made), audits()) == ("new", ["opened"], [])


def test_a_date_alone_is_the_end() -> None:
    made = case(team("web"))
    triage.decide(part(made).pk, Choice("deferred", until_at=LATER), SHELL, NOW)
    assert part(made).decision.until == "date"


def test_a_newer_decision_replaces_the_one_in_force() -> None:
    made = case(team("web"))
    first = triage.decide(part(made).pk, choice(Status.DEFERRED), SHELL, NOW)
    second = triage.decide(part(made).pk, choice(Status.NOT_AFFECTED), SHELL, NOW + timedelta(minutes=1))
    states = {each.pk: each.state for each in part(made).decisions.all()}
    assert states == {first.decision: "replaced", second.decision: "effective"}


def test_a_move_ends_the_decision_that_was_in_force() -> None:
    made = case(team("web"))
    triage.decide(part(made).pk, choice(Status.RISK_ACCEPTED), SHELL, NOW)
    triage.move(part(made).pk, "triaging", "look again", SHELL, NOW + timedelta(minutes=1))
    found = part(made)
    assert (found.status, found.decision_id, found.until_at) == ("triaging", None, None)


def test_a_fix_is_claimed_then_waits_for_the_scan() -> None:
    made = case(team("web"))
    triage.fix(part(made).pk, "in 2.0", SHELL, NOW)
    triage.verify(part(made).pk, "", SHELL, NOW)
    assert part(made).status == "waiting_for_verification"
    assert events(made) == ["opened", "fix_claimed", "moved"]


def test_claiming_looks_into_a_new_part_and_can_be_taken_over_and_given_up() -> None:
    web = team("web", one := someone(), other := someone())
    made = case(web)
    triage.claim(part(made).pk, actor(one), NOW)
    triage.claim(part(made).pk, actor(one), NOW)
    assert (part(made).status, part(made).claimed_by) == ("triaging", one)
    triage.claim(part(made).pk, actor(other), NOW)
    with pytest.raises(ForbiddenError):
        triage.unclaim(part(made).pk, actor(one), NOW)
    triage.unclaim(part(made).pk, actor(other), NOW)
    assert part(made).claimed_by is None
    assert events(made) == ["opened", "claimed", "claimed", "unclaimed"]


def test_nobody_takes_care_of_what_is_settled_or_from_the_command_line() -> None:
    made = case(team("web", one := someone()), status="not_affected", state="closed")
    with pytest.raises(IllegalTransition):
        triage.claim(part(made).pk, actor(one), NOW)
    with pytest.raises(ForbiddenError):
        triage.claim(part(case(team("web"))).pk, SHELL, NOW)


def test_comments_questions_and_dates_are_told() -> None:
    made = case(team("web", one := someone()))
    triage.comment(made.pk, " hello <b> ", actor(one), NOW)
    triage.ask(part(made).pk, "whose is this?", actor(one), NOW)
    triage.set_due(part(made).pk, LATER, actor(one), NOW)
    triage.set_due(part(made).pk, LATER, actor(one), NOW)
    assert events(made) == ["opened", "commented", "asked", "due"]
    assert made.events.get(code="commented").params == {"text": "hello <b>"}
    assert audits() == ["case.comment", "case.ask", "case.due"]
    for text in ("", " \n ", "x" * 4_001):
        with pytest.raises(ChoiceError):
            triage.comment(made.pk, text, actor(one), NOW)


def test_watching_is_remembered_once() -> None:
    made = case(team("web"))
    one = someone(Role.VIEWER)
    triage.watch(made.pk, actor(one), NOW)
    triage.watch(made.pk, actor(one), NOW)
    assert [each.person for each in made.watchers.all()] == [one]
    triage.unwatch(made.pk, actor(one), NOW)
    assert made.watchers.count() == 0
    assert audits() == ["case.watch", "case.unwatch"]


def test_what_is_not_there_is_said() -> None:
    calls: list[Callable[[], object]] = [
        lambda: triage.decide(9_999, choice(Status.DEFERRED), SHELL, NOW),
        lambda: triage.comment(9_999, "x", SHELL, NOW),
        lambda: triage.approve(9_999, SHELL, NOW),
        lambda: triage.undo(9_999, SHELL, NOW),
    ]
    for call in calls:
        with pytest.raises(triage.NoSuchCaseError):
            call()


# --- undo ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("new", sorted(moves(Status.NEW)))
def test_a_decision_taken_back_leaves_the_part_as_it_was(new: Status) -> None:
    made = case(team("web"), part={"relook": "expired", "due_at": LATER})
    before = part(made)
    decided = triage.decide(before.pk, choice(new, due_at=LATER + timedelta(days=1)), SHELL, NOW)
    triage.undo(decided.decision, SHELL, NOW + timedelta(minutes=9))
    after = part(made)
    for name in ("status", "status_since", "relook", "decision_id", "due_at", "until_at"):
        assert getattr(after, name) == getattr(before, name), name
    made.refresh_from_db()
    assert (made.state, made.status, events(made)[-1]) == ("open", "new", "undone")


def test_undo_brings_the_decision_before_back_into_force() -> None:
    made = case(team("web"))
    first = triage.decide(part(made).pk, choice(Status.RISK_ACCEPTED), SHELL, NOW)
    second = triage.decide(part(made).pk, choice(Status.NOT_AFFECTED), SHELL, NOW + timedelta(minutes=1))
    triage.undo(second.decision, SHELL, NOW + timedelta(minutes=2))
    found = part(made)
    assert (found.status, found.decision_id, found.decision.state, found.until_at) == (
        "risk_accepted",
        first.decision,
        "effective",
        LATER,
    )


def test_undo_is_refused_when_it_is_late_or_something_newer_happened() -> None:
    made = case(team("web"))
    first = triage.decide(part(made).pk, choice(Status.DEFERRED), SHELL, NOW)
    with pytest.raises(IllegalTransition, match="too late"):
        triage.undo(first.decision, SHELL, NOW + timedelta(minutes=10, seconds=1))
    triage.move(part(made).pk, "triaging", "", SHELL, NOW + timedelta(minutes=1))
    with pytest.raises(IllegalTransition, match="replaced"):
        triage.undo(first.decision, SHELL, NOW + timedelta(minutes=2))


def test_undo_is_refused_after_a_scan_moved_the_part() -> None:
    from kairan.store.models import CasePart

    made = case(team("web"))
    decided = triage.decide(part(made).pk, choice(Status.DEFERRED), SHELL, NOW)
    CasePart.objects.update(status="resolved", status_since=NOW + timedelta(minutes=1))
    with pytest.raises(IllegalTransition, match="newer"):
        triage.undo(decided.decision, SHELL, NOW + timedelta(minutes=2))


# --- approval ------------------------------------------------------------------------------------------------------


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule wants an approver for accepted risks."""
    from kairan.domain.config import Config, Rule
    from kairan.services import configuration

    config = Config(rules=(Rule(name="urgent", approve=("risk_accepted",)),))
    monkeypatch.setattr(configuration, "active", lambda: configuration.normalised(config))


@pytest.mark.usefixtures("strict")
def test_where_the_rule_says_so_a_decision_waits_and_the_part_stays() -> None:
    made = case(team("web", member := someone()))
    decided = triage.decide(part(made).pk, choice(Status.RISK_ACCEPTED), actor(member), NOW)
    assert (decided.state, part(made).status, events(made)) == ("waiting", "new", ["opened", "asked_approval"])
    assert triage.effects([part(made).pk], choice(Status.RISK_ACCEPTED)).approval == 1
    assert triage.effects([part(made).pk], choice(Status.DEFERRED)).approval == 0
    approver = someone(Role.APPROVER)
    triage.approve(decided.decision, actor(approver), NOW + timedelta(hours=1), "agreed")
    found = part(made)
    assert (found.status, found.decision.approver, found.decision.state) == ("risk_accepted", approver, "effective")
    assert events(made) == ["opened", "asked_approval", "approved", "decided"]
    triage.undo(decided.decision, actor(approver), NOW + timedelta(hours=1, minutes=5))
    assert part(made).status == "new"


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("role", Role)
def test_only_an_approver_who_is_not_the_author_approves(role: Role) -> None:
    made = case(team("web", author := someone(role)))
    if role == Role.VIEWER:
        return
    decided = triage.decide(part(made).pk, choice(Status.RISK_ACCEPTED), actor(author), NOW)
    for call in (triage.approve, triage.refuse):
        with pytest.raises(ForbiddenError):
            call(decided.decision, actor(author), NOW, "me")
        with pytest.raises(ForbiddenError):
            call(decided.decision, actor(someone(Role.TRIAGER)), NOW, "no right")
    assert part(made).status == "new"
    assert audits().count("case.approve.refused") == audits().count("case.refuse.refused") == 2


@pytest.mark.usefixtures("strict")
def test_a_refused_decision_says_why_and_is_over() -> None:
    made = case(team("web"))
    decided = triage.decide(part(made).pk, choice(Status.RISK_ACCEPTED), SHELL, NOW)
    approver = actor(someone(Role.APPROVER))
    with pytest.raises(ChoiceError):
        triage.refuse(decided.decision, approver, NOW, " ")
    triage.refuse(decided.decision, approver, NOW, "too risky")
    with pytest.raises(IllegalTransition):
        triage.approve(decided.decision, approver, NOW)
    assert (part(made).status, made.events.get(code="refused").params["reason"]) == ("new", "too risky")


@pytest.mark.usefixtures("strict")
def test_what_was_asked_is_not_approved_when_its_end_is_over_or_the_part_is_resolved() -> None:
    from kairan.store.models import CasePart

    made = case(team("web"))
    decided = triage.decide(part(made).pk, choice(Status.RISK_ACCEPTED), SHELL, NOW)
    approver = actor(someone(Role.APPROVER))
    with pytest.raises(ChoiceError):
        triage.approve(decided.decision, approver, LATER)
    CasePart.objects.update(status="resolved")
    with pytest.raises(IllegalTransition):
        triage.approve(decided.decision, approver, NOW)


@pytest.mark.usefixtures("strict")
def test_what_waits_is_withdrawn_or_replaced_by_a_newer_decision() -> None:
    from kairan.store.models import Decision

    made = case(team("web"))
    first = triage.decide(part(made).pk, choice(Status.RISK_ACCEPTED), SHELL, NOW)
    second = triage.decide(part(made).pk, choice(Status.RISK_ACCEPTED), SHELL, NOW)
    triage.undo(second.decision, SHELL, NOW + timedelta(days=3))
    states = dict(Decision.objects.values_list("pk", "state"))
    assert states == {first.decision: "replaced", second.decision: "undone"}
    assert part(made).status == "new"
