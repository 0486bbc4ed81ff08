"""Cases by the API: what a script reads and does, and what it is refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from kairan.domain.rights import Right, Role, may
from tests.cases import case, part, team
from tests.web.api import Script, script_of

pytestmark = pytest.mark.django_db
DEFER = {"status": "deferred", "until": "fix", "reason": "next quarter"}


@pytest.fixture
def triager(person: Callable[..., Any]) -> Script:
    return script_of(person(Role.TRIAGER))


def test_a_case_is_listed_shown_and_told(triager: Script, street: Any) -> None:
    made = case(team("web"), findings=[street.finding(id="CVE-2026-1")])
    [row] = triager.get("/cases", q="cve-2026-1").json()["items"]
    assert (row["id"], row["parts"][0]["team"], row["status"]) == (f"C-{made.pk}", "web", "new")
    found = triager.get(f"/cases/C-{made.pk}").json()
    assert (found["vulnerability"], found["parts"][0]["status"], len(found["findings"])) == ("CVE-2026-1", "new", 1)
    assert [each["code"] for each in triager.get(f"/cases/c-{made.pk}/events").json()["items"]] == ["opened"]
    gone = case(team("pay"), merged_into=made, is_current=False)
    assert triager.get(f"/cases/C-{gone.pk}")["Location"] == f"/api/v1/cases/C-{made.pk}"
    assert triager.get("/cases/C-999999").status_code == 404
    assert triager.get("/cases", cursor="bm9uc2Vuc2U").status_code == 400


def test_the_list_goes_on_behind_its_cursor(triager: Script) -> None:
    made = {f"C-{case(team('web')).pk}" for _ in range(5)}
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = triager.get("/cases", limit=2, **({"cursor": cursor} if cursor else {})).json()
        seen += [each["id"] for each in page["items"]]
        cursor = page["next"]
    assert (len(seen), set(seen)) == (5, made)


def test_decide_claim_comment_and_undo(triager: Script) -> None:
    made = case(team("web"))
    place = f"/cases/C-{made.pk}/parts/{part(made).pk}"
    assert triager.post(f"{place}/claim", {}).json() == {"done": True}
    decided = triager.post(f"{place}/decision", DEFER).json()
    assert (decided["state"], part(made).status) == ("effective", "deferred")
    assert triager.post(f"/cases/C-{made.pk}/comments", {"text": "hello"}).status_code == 200
    assert triager.post(f"/decisions/{decided['decision']}/undo", {}).status_code == 200
    assert part(made).status == "triaging"
    assert triager.post(f"/decisions/{decided['decision']}/undo", {}).status_code == 409
    assert triager.post(f"{place}/decision", {"status": "risk_accepted"}).json()["errors"] == [
        {"where": "body.reason", "message": "give a reason"},
        {"where": "body.until", "message": "say when it ends: a date, a fix, or known exploitation"},
    ]
    late = DEFER | {"until": "date", "until_at": (timezone.now() - timedelta(days=1)).isoformat()}
    assert triager.post(f"{place}/decision", late).json()["errors"][0]["where"] == "body.until_at"
    other = case(team("pay"))
    assert triager.post(f"/cases/C-{other.pk}/parts/{part(made).pk}/decision", DEFER).status_code == 404


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("own", [True, False])
def test_each_role_decides_exactly_what_it_may(person: Callable[..., Any], role: Role, own: bool) -> None:
    from kairan.store.models import Audit

    someone = person(role)
    made = case(team("web", *([someone] if own else [])))
    answer = script_of(someone).post(f"/cases/C-{made.pk}/parts/{part(made).pk}/decision", DEFER)
    allowed = may(role, Right.DECIDE) or (own and may(role, Right.ANSWER))
    assert answer.status_code == (200 if allowed else 403)
    assert part(made).status == ("deferred" if allowed else "new")
    [action] = Audit.objects.filter(subject__startswith="part:").values_list("action", flat=True)
    assert action == ("case.decide" if allowed else "case.decide.refused")


def test_a_token_that_may_only_read_changes_nothing(person: Callable[..., Any]) -> None:
    made = case(team("web"))
    script = script_of(person(Role.ADMINISTRATOR), "read")
    assert script.post(f"/cases/C-{made.pk}/parts/{part(made).pk}/decision", DEFER).status_code == 403
    assert part(made).status == "new"


def test_many_at_once_with_progress_and_undo(triager: Script, person: Callable[..., Any]) -> None:
    from kairan.services import bulk

    parts = [part(case(team("web"))).pk for _ in range(3)]
    begun = triager.post("/bulk-decisions", {"parts": [*parts, 999_999], "decision": DEFER})
    assert (begun.status_code, begun.json()["state"], begun.json()["total"]) == (202, "waiting", 4)
    bulk.work(timezone.now)
    place = f"/bulk-decisions/{begun.json()['id']}"
    found = triager.get(place).json()
    assert (found["state"], found["done"], found["refused"]) == ("done", 4, [[999_999, "gone", {}]])
    assert triager.post(f"{place}/undo", {}).json()["state"] == "undoing"
    bulk.work(timezone.now)
    assert triager.get(place).json()["state"] == "undone"
    member = script_of(person(Role.MEMBER))
    assert member.post("/bulk-decisions", {"parts": parts, "decision": DEFER}).status_code == 403
    assert triager.get("/bulk-decisions/999999").status_code == 404


def test_what_a_case_page_does_beside_deciding(triager: Script) -> None:
    made = case(team("web"))
    place = f"/cases/C-{made.pk}/parts/{part(made).pk}"
    day = (timezone.now() + timedelta(days=9)).replace(microsecond=0)
    triager.post(f"{place}/claim", {})
    for path, said in (
        (f"{place}/question", {"text": "whose is it?"}),
        (f"{place}/due", {"due_at": day.isoformat()}),
        (f"{place}/unclaim", {}),
        (f"/cases/C-{made.pk}/watch", {}),
    ):
        answer = triager.post(path, said)
        assert (answer.status_code, answer.json()) == (200, {"done": True}), path
    assert (part(made).claimed_by, part(made).due_at, made.watchers.count()) == (None, day, 1)
    assert triager.post(f"{place}/due", {"due_at": None}).status_code == 200
    assert triager.post(f"/cases/C-{made.pk}/unwatch", {}).status_code == 200
    assert (part(made).due_at, made.watchers.count()) == (None, 0)
    codes = [each["code"] for each in triager.get(f"/cases/C-{made.pk}/events").json()["items"]]
    assert codes[:4] == ["due", "unclaimed", "due", "asked"]


@pytest.mark.parametrize("do", ["question", "due", "unclaim", "watch", "unwatch"])
def test_what_makes_no_sense_or_is_not_allowed_is_refused(triager: Script, person: Callable[..., Any], do: str) -> None:
    made, other = case(team("web")), case(team("pay"))
    said: dict[str, Any] = {"question": {"text": "?"}, "due": {"due_at": None}}.get(do, {})
    of_case = do in {"watch", "unwatch"}

    def place(number: int) -> str:
        return f"/cases/C-{number}/{do}" if of_case else f"/cases/C-{number}/parts/{part(made).pk}/{do}"

    assert triager.post(place(999_999), said).status_code == 404
    assert triager.post(place(made.pk), {"nonsense": 1}).status_code == 422
    if not of_case:
        assert triager.post(place(other.pk), said).status_code == 404
        assert script_of(person(Role.VIEWER)).post(place(made.pk), said).status_code == 403
    past = {"due_at": "2020-01-01T00:00:00Z"}
    if do == "due":
        assert triager.post(place(made.pk), past).json()["errors"][0]["where"] == "body.due_at"
        assert triager.post(place(made.pk), {}).status_code == 422, "clearing a date is said, not left out"


def test_the_api_takes_as_many_at_once_as_the_page(triager: Script) -> None:
    from kairan.services import bulk

    parts = [2**63 - number for number in range(1, bulk.MOST + 2)]
    begun = triager.post("/bulk-decisions", {"parts": parts[:-1], "decision": DEFER | {"reason": "証" * 4_000}})
    assert (begun.status_code, begun.json()["total"]) == (202, bulk.MOST)
    assert triager.post("/bulk-decisions", {"parts": parts, "decision": DEFER}).status_code == 422
