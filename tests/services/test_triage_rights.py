"""Who may do what with whose parts: each role, own team and another's; nothing that is only claimed counts."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kairan.domain.errors import ForbiddenError
from kairan.domain.rights import Right, Role, may
from kairan.services import bulk, triage
from kairan.services.actor import Actor
from kairan.services.triage import Choice
from tests.cases import NOW, actor, case, part, someone, team

pytestmark = pytest.mark.django_db
DEFER = Choice("deferred", until="fix")
OF_PARTS: dict[str, Callable[[int, Actor], object]] = {
    "decide": lambda p, by: triage.decide(p, DEFER, by, NOW),
    "move": lambda p, by: triage.move(p, "triaging", "", by, NOW),
    "fix": lambda p, by: triage.fix(p, "", by, NOW),
    "claim": lambda p, by: triage.claim(p, by, NOW),
    "ask": lambda p, by: triage.ask(p, "whose?", by, NOW),
    "due": lambda p, by: triage.set_due(p, NOW.replace(year=2027), by, NOW),
}


def refusals() -> list[tuple[str, int | None]]:
    from kairan.store.models import Audit

    return list(Audit.objects.filter(action__endswith=".refused").values_list("action", "person"))


def untouched(made: Any) -> bool:
    found = part(made)
    return found.status == "new" and found.claimed_by is None and made.events.count() == 1


@pytest.mark.parametrize("whose", ["own", "another's", "nobody's"])
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", OF_PARTS)
def test_each_role_may_touch_exactly_the_parts_it_should(name: str, role: Role, whose: str) -> None:
    person = someone(role)
    team("web", person)
    made = case({"own": team("web"), "another's": team("pay"), "nobody's": None}[whose])
    allowed = may(role, Right.DECIDE) or (whose == "own" and may(role, Right.ANSWER))
    if allowed:
        OF_PARTS[name](part(made).pk, actor(person))
        assert not untouched(made)
        assert refusals() == []
    else:
        with pytest.raises(ForbiddenError):
            OF_PARTS[name](part(made).pk, actor(person))
        assert untouched(made)
        [(action, by)] = refusals()
        assert (action.startswith("case."), by) == (True, person.pk)


@pytest.mark.parametrize("role", Role)
def test_comments_are_for_members_and_watching_for_all(role: Role) -> None:
    person, made = someone(role), case(team("web"))
    triage.watch(made.pk, actor(person), NOW)
    if may(role, Right.COMMENT):
        triage.comment(made.pk, "hello", actor(person), NOW)
    else:
        with pytest.raises(ForbiddenError):
            triage.comment(made.pk, "hello", actor(person), NOW)
        assert refusals() == [("case.comment.refused", person.pk)]


@pytest.mark.parametrize("role", Role)
def test_many_at_once_only_with_the_right_to_decide(role: Role) -> None:
    person = someone(role)
    made = case(team("web", person))
    if may(role, Right.DECIDE):
        assert bulk.start("", [part(made).pk], DEFER, actor(person), NOW)
    else:
        with pytest.raises(ForbiddenError):
            bulk.start("", [part(made).pk], DEFER, actor(person), NOW)
        assert refusals() == [("case.bulk.refused", person.pk)]


def test_a_member_undoes_their_own_decision_and_nobody_elses() -> None:
    web = team("web", one := someone(), other := someone())
    made = case(web)
    decided = triage.decide(part(made).pk, DEFER, actor(one), NOW)
    with pytest.raises(ForbiddenError):
        triage.undo(decided.decision, actor(other), NOW)
    triage.undo(decided.decision, actor(one), NOW)
    assert part(made).status == "new"


FORGED = [
    lambda good: replace(good, person=None),
    lambda good: replace(good, person=999_999_999),
    lambda good: replace(good, person=None, name="administrator"),
    lambda good: Actor("root", None, "API 127.0.0.1"),
    lambda good: Actor("slack U123", None, "slack"),
]


@pytest.mark.parametrize("forge", FORGED)
def test_who_is_only_claimed_to_be_someone_may_nothing(forge: Callable[[Actor], Actor]) -> None:
    made = case(team("web", good := someone(Role.ADMINISTRATOR)))
    for name, call in OF_PARTS.items():
        with pytest.raises(ForbiddenError):
            call(part(made).pk, forge(actor(good)))
        assert untouched(made), name
    assert refusals() == [(f"case.{_action(name)}.refused", None) for name in OF_PARTS]


def _action(name: str) -> str:
    return "decide" if name in {"move", "fix"} else name


def test_whoever_was_disabled_or_lost_the_role_may_no_longer() -> None:
    made = case(team("web", gone := someone(Role.TRIAGER)))
    gone.is_active = False
    gone.save()
    with pytest.raises(ForbiddenError):
        triage.decide(part(made).pk, DEFER, actor(gone), NOW)
    lost = someone("unheard-of")
    with pytest.raises(ForbiddenError):
        triage.decide(part(made).pk, DEFER, actor(lost), NOW)


def test_a_refused_attempt_stays_in_the_log_with_what_was_tried() -> None:
    from kairan.store.models import Audit

    made = case(team("web"))
    person = someone(Role.MEMBER)
    with pytest.raises(ForbiddenError):
        triage.decide(part(made).pk, DEFER, actor(person, "192.0.2.7"), NOW)
    [row] = Audit.objects.all()
    assert (row.action, row.subject, row.actor, row.origin, row.at) == (
        "case.decide.refused",
        f"part:{part(made).pk}",
        person.username,
        "192.0.2.7",
        NOW,
    )
