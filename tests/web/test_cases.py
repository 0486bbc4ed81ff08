"""The pages of cases: what they show, what their buttons do, and for whom."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from kairan.domain.rights import Right, Role, may
from kairan.domain.severity import Severity
from kairan.domain.triage import Status
from tests.cases import case, part, team
from tests.hostile import TEXTS

pytestmark = pytest.mark.django_db
DRAWER = {"HX-Request": "true"}


@pytest.fixture
def triager(person: Callable[..., Any]) -> Client:
    client = Client()
    client.force_login(person(Role.TRIAGER))
    return client


def login(someone: Any) -> Client:
    client = Client()
    client.force_login(someone)
    return client


def text(answer: Any) -> str:
    return str(answer.content.decode())


def press(client: Client, made: Any, do: str, **said: Any) -> Any:
    return client.post(f"/cases/C-{made.pk}/", {"do": do, "part": part(made).pk, **said})


def audits() -> list[str]:
    from kairan.store.models import Audit

    return list(Audit.objects.order_by("pk").values_list("action", flat=True))


# --- inbox, list, board


def test_the_inbox_shows_each_part_where_it_needs_somebody(triager: Client) -> None:
    web, now = team("web"), timezone.now()
    wanted = {
        "new": case(web),
        "relook": case(web, part={"relook": "still_seen"}, status="action_needed"),
        "team": case(web, status="triaging"),
        "verification": case(web, status="fix_claimed"),
        "due": case(web, status="action_needed", part={"due_at": now + timedelta(days=1)}),
        "expiring": case(web, status="deferred", state="parked", part={"until_at": now + timedelta(days=3)}),
        "unowned": case(None, status="triaging"),
    }
    silent = case(web, told_at=None)
    page = text(triager.get("/inbox/"))
    for name, made in wanted.items():
        section = page.partition(f'id="section-{name}"')[2].partition("</section>")[0]
        assert f"/cases/C-{made.pk}/#part-" in section, name
    assert f"C-{silent.pk}<" not in page


def test_the_inbox_is_mine_my_teams_or_everybodys(person: Callable[..., Any]) -> None:
    me = person(Role.MEMBER)
    web = team("web", me)
    mine, ours, others = case(web, part={"claimed_by": me}), case(web), case(team("pay"))
    client = login(me)

    def shown(address: str) -> set[int]:
        page = text(client.get(address))
        return {made.pk for made in (mine, ours, others) if f"C-{made.pk}<" in page}

    assert shown("/inbox/") == {mine.pk, ours.pk}
    assert shown("/inbox/?whose=mine") == {mine.pk}
    assert shown("/inbox/?whose=all") == {mine.pk, ours.pk, others.pk}
    assert 'type="checkbox"' not in text(client.get("/inbox/")), "members decide one by one"


@pytest.mark.parametrize("whose", ["mine", "team", "all"])
def test_all_of_them_leads_to_the_very_cases_of_the_section(
    person: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    import re

    from kairan.web.cases import views

    monkeypatch.setattr(views, "IN_SECTION", 1)
    monkeypatch.setattr(views, "IN_COLUMN", 1)
    me = person(Role.TRIAGER)
    web, pay, now = team("web", me), team("pay"), timezone.now()
    for key, status, said in (
        (web, "new", {}),
        (pay, "new", {}),
        (web, "new", {"relook": "joined"}),
        (None, "new", {}),
        (web, "action_needed", {"due_at": now - timedelta(days=1)}),
        (pay, "fix_claimed", {"due_at": now + timedelta(days=1)}),
        (web, "deferred", {"until_at": now + timedelta(days=3), "relook": "still_seen"}),
        (web, "deferred", {"until_at": now + timedelta(days=3)}),
        (web, "waiting_for_verification", {}),
    ):
        for mine in ({}, {"claimed_by": me}):
            for told in ({}, {"told_at": None}):
                state = "parked" if status == "deferred" else "open"
                case(key, status=status, state=state, part={**said, **mine}, **told)
    client = login(me)
    leads = 0
    for page in ("/inbox/", "/cases/board/"):
        for section in text(client.get(page, {"whose": whose})).split("<section ")[1:]:
            count = int(re.search(r'class="many">(\d+)', section)[1])  # type: ignore[index]
            rest = re.search(r'href="(/cases/[?][^"]+)"', section)
            if rest:
                listed = text(client.get(rest[1].replace("&amp;", "&")))
                assert listed.partition("<tbody")[2].count("<tr ") == count, rest[1]
                leads += 1
    assert leads >= 5


def test_chips_speak_the_readers_language(person: Callable[..., Any]) -> None:
    from django.utils.html import strip_tags

    case(team("web"))
    page = text(login(person(Role.TRIAGER, language="ja")).get("/cases/?severity=high,critical&section=new&ours=yes"))
    chips = strip_tags(page.partition('class="chips"')[2].partition("</ul>")[0])
    for word in ("緊急", "未対応"):
        assert word in chips, word
    for word in ("critical", "high", "New", "My teams"):
        assert word not in chips, word


def test_an_empty_inbox_says_why(triager: Client) -> None:
    assert "There is no case yet" in text(triager.get("/inbox/"))
    case(team("web"), status="not_affected", state="closed")
    assert "All is well" in text(triager.get("/inbox/"))
    assert "Nothing waits for you" in text(triager.get("/inbox/?whose=mine"))


FILTERS = [
    ("", {"open", "pay", "low"}),
    ("state=any", {"open", "pay", "low", "closed"}),
    ("state=closed", {"closed"}),
    ("severity=low", {"low"}),
    ("team=pay", {"pay"}),
    ("team=-", {"low"}),
    ("status=triaging", {"pay"}),
    ("status=triaging&team=web", set()),
    ("rule=other", {"low"}),
    ("text=special", {"pay"}),
    ("text=100%25", set()),
    ("due=overdue", {"pay"}),
    ("relook=yes", {"open"}),
    ("status=nonsense&sort=nonsense&due=nonsense&severity=nonsense", {"open", "pay", "low"}),
    ("text=%00", {"open", "pay", "low"}),
]


@pytest.mark.parametrize(("query", "expected"), FILTERS)
def test_the_list_is_filtered_by_its_address(triager: Client, query: str, expected: set[str]) -> None:
    made = {
        "open": case(team("web"), part={"relook": "joined"}),
        "pay": case(
            team("pay"), status="triaging", title="A special one", part={"due_at": timezone.now() - timedelta(days=1)}
        ),
        "low": case(None, severity=Severity.LOW, rule="other"),
        "closed": case(team("web"), status="not_affected", state="closed"),
    }
    page = text(triager.get(f"/cases/?{query}"))
    assert {name for name, each in made.items() if f">C-{each.pk}<" in page} == expected


def test_an_id_and_an_asset_find_their_case(triager: Client, street: Any) -> None:
    made = case(team("web"), findings=[street.finding(id="CVE-2026-4711", asset="registry.example/only-here")])
    case(team("web"))
    for query in ("cve-2026-4711", "only-here", "CVE-2026-4711"):
        page = text(triager.get("/cases/", {"text": query}))
        assert f">C-{made.pk}<" in page, query
        assert page.count('class="c-id"') == 2, query  # the head and one row
    assert triager.get("/cases/", {"text": f"c-{made.pk}"})["Location"] == f"/cases/C-{made.pk}/"


TITLE = "log4j-core: 認証回避の脆弱性 (CVE-2021-44228)"
TEXTS_ASKED = [
    ("log4j", True),
    ("LOG4", True),  # as people type
    ("core log4j", True),  # words in any order
    ("log4j-core", True),
    ("core-log4j", False),
    ("脆弱性", True),
    ("認証 脆弱", True),
    ("弱認", False),
    ("log4j spring", False),
    ("g4j", False),  # a word is found by its beginning
    ("(*&|!:", False),
    ("l'og:*", False),
]


@pytest.mark.parametrize(("asked", "found"), TEXTS_ASKED)
def test_words_of_a_title_find_its_case(triager: Client, asked: str, found: bool) -> None:
    made = case(team("web"), title=TITLE)
    assert (f">C-{made.pk}<" in text(triager.get("/cases/", {"text": asked}))) == found


@pytest.mark.parametrize("sort", ["severity", "updated", "oldest"])
def test_pages_go_on_and_back_without_gaps(triager: Client, monkeypatch: pytest.MonkeyPatch, sort: str) -> None:
    import re

    from kairan.web.cases import views

    monkeypatch.setattr(views, "PAGE_SIZE", 3)
    web = team("web")
    same = timezone.now() - timedelta(days=3)
    for number in range(8):
        said: dict[str, Any] = {"opened_at": same, "updated_at": same} if number % 2 else {}
        case(web, severity=Severity.HIGH if number % 3 else Severity.LOW, **said)

    def numbers(page: str) -> list[str]:
        return re.findall(r">(C-\d+)<", page.partition("<tbody")[2].partition("</table>")[0])

    def link(page: str, rel: str) -> str:
        found = re.search(rf'rel="{rel}" href="([^"]+)"', page)
        return found[1].replace("&amp;", "&") if found else ""

    pages, address = [], f"/cases/?sort={sort}"
    while address:
        pages.append(text(triager.get(address)))
        address = link(pages[-1], "next")
    forth = [numbers(each) for each in pages]
    assert [len(each) for each in forth] == [3, 3, 2]
    assert len({one for each in forth for one in each}) == 8
    assert numbers(text(triager.get(link(pages[2], "prev")))) == forth[1]
    back = text(triager.get(link(pages[1], "prev")))
    assert numbers(back) == forth[0]
    assert not link(back, "prev")


def test_the_board_has_a_column_for_each_status_with_its_rest_in_the_list(triager: Client, monkeypatch: Any) -> None:
    from kairan.web.cases import views

    monkeypatch.setattr(views, "IN_COLUMN", 2)
    for _ in range(3):
        case(team("web"), status="triaging")
    page = text(triager.get("/cases/board/"))
    column = page.partition('id="column-triaging"')[2].partition("</section>")[0]
    assert column.count("board-card") == 2
    assert "?state=any&amp;status=triaging" in column


# --- one case


def test_the_page_tells_what_it_is_the_fix_where_and_why(triager: Client, street: Any) -> None:
    findings = [street.finding(id="CVE-2026-1", asset=f"registry.example/shop-{n}") for n in range(3)]
    made = case(team("web"), team("pay"), findings=findings)
    page = text(triager.get(f"/cases/C-{made.pk}/"))
    for expected in (
        "Case number",
        "CVE-2026-1",
        "1.0.2",
        *(f"/findings/F-{each.pk}/" for each in findings),
        *(each.asset.name for each in findings),
        "Rule",
        "urgent",
        "Web",
        "Pay",
        "The case was opened",
        "No message was made of it",
    ):
        assert expected in page, expected
    assert triager.get(f"/cases/c-{made.pk}/").status_code == 200
    assert triager.get("/cases/C-999999/").status_code == 404


def test_a_case_of_a_control_says_what_its_publisher_says_is_to_be_done(triager: Client, street: Any) -> None:
    said = {"kind": "misconfiguration", "id": "aws:S3.8", "remediation": "Switch public access off.", "package": None}
    made = case(team("web"), findings=[street.finding(**said, fixed="")])
    assert "Switch public access off." in text(triager.get(f"/cases/C-{made.pk}/"))


def test_a_merged_case_leads_to_what_it_became(triager: Client) -> None:
    made = case(team("web"))
    gone = case(team("pay"), merged_into=made, is_current=False)
    assert triager.get(f"/cases/C-{gone.pk}/")["Location"] == f"/cases/C-{made.pk}/"
    answer = triager.get(f"/cases/C-{gone.pk}/?drawer=1", headers=DRAWER)
    assert answer["Location"] == f"/cases/C-{made.pk}/?drawer=1"


def test_the_drawer_is_the_sheet_without_the_frame(triager: Client) -> None:
    made = case(team("web"))
    answer = triager.get(f"/cases/C-{made.pk}/?drawer=1", headers=DRAWER)
    assert "<html" not in text(answer)
    assert 'hx-post="/cases/C-' in text(answer)
    assert "HX-Request" in answer["Vary"]


def test_a_decision_is_taken_shown_and_undone(triager: Client) -> None:
    made = case(team("web"))
    answer = press(
        triager, made, "decide", status="deferred", until="fix", reason="next quarter", links="https://a.example"
    )
    assert answer["Location"] == f"/cases/C-{made.pk}/"
    page = text(triager.get(answer["Location"]))
    for expected in (
        "Decided: Put off",
        "next quarter",
        "https://a.example",
        "a fixed version is known",
        "possible until",
    ):
        assert expected in page, expected
    decision = part(made).decision_id
    assert press(triager, made, "undo", decision=decision).status_code == 302
    assert part(made).status == "new"
    assert "took the decision back" in text(triager.get(f"/cases/C-{made.pk}/"))


def test_what_is_wrong_stands_beside_its_field_and_nothing_filled_in_is_lost(triager: Client) -> None:
    made = case(team("web"))
    said = {"status": "risk_accepted", "reason": "", "until": "date", "until_at": "nonsense", "links": "javascript:x"}
    answer = press(triager, made, "decide", **said)
    assert (answer.status_code, part(made).status) == (422, "new")
    assert "Write the date as 2026-11-21." in text(answer)
    answer = press(triager, made, "decide", **said | {"until_at": "2020-01-01"})
    page = text(answer)
    for expected in ("Give a reason", "has to be in the future", "Links begin with http", "javascript:x"):
        assert expected in page, expected
    assert 'value="risk_accepted" required checked' in page
    in_drawer = triager.post(
        f"/cases/C-{made.pk}/?drawer=1", {"do": "decide", "part": part(made).pk, **said}, headers=DRAWER
    )
    assert (in_drawer.status_code, "HX-Trigger-After-Settle" in in_drawer.headers) == (200, False)


def test_an_answer_in_the_drawer_says_so_and_offers_the_undo(triager: Client) -> None:
    made = case(team("web"))
    answer = triager.post(
        f"/cases/C-{made.pk}/?drawer=1",
        {"do": "decide", "part": part(made).pk, "status": "false_positive", "reason": "x"},
        headers=DRAWER,
    )
    assert answer["HX-Trigger-After-Settle"] == "kairan:answered"
    assert 'id="case-done"' in text(answer)
    assert f'name="decision" value="{part(made).decision_id}"' in text(answer)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("own", [True, False])
def test_each_role_presses_exactly_what_it_may(person: Callable[..., Any], role: Role, own: bool) -> None:
    someone = person(role)
    made = case(team("web", *([someone] if own else [])))
    client = login(someone)
    page = text(client.get(f"/cases/C-{made.pk}/"))
    allowed = may(role, Right.DECIDE) or (own and may(role, Right.ANSWER))
    assert ("data-decide" in page) == allowed
    assert ('value="comment"' in page) == may(role, Right.COMMENT)
    answer = press(client, made, "decide", status="triaging")
    assert answer.status_code == (302 if allowed else 403)
    assert part(made).status == ("triaging" if allowed else "new")
    assert audits() == (["case.decide"] if allowed else ["case.decide.refused"])


def test_a_form_cannot_reach_into_another_case_or_claim_another_person(person: Callable[..., Any]) -> None:
    me = person(Role.MEMBER)
    mine, other = case(team("web", me)), case(team("pay"))
    client = login(me)
    forged = {"do": "decide", "part": part(other).pk, "status": "triaging", "person": "1", "role": "administrator"}
    client.post(f"/cases/C-{mine.pk}/", forged)
    answer = client.post(f"/cases/C-{other.pk}/", forged)
    assert answer.status_code == 403
    assert {part(mine).status, part(other).status} == {"new"}


@pytest.mark.parametrize("do", ["", "nonsense", "decide", "claim", "approve", "undo", "comment", "due"])
def test_forms_that_make_no_sense_change_nothing(triager: Client, do: str) -> None:
    made = case(team("web"))
    for said in ({}, {"part": "x", "decision": "9" * 30}, {"part": "999999", "decision": "999999"}):
        answer = triager.post(f"/cases/C-{made.pk}/", {"do": do, **said})
        assert answer.status_code in {302, 422}
    assert (part(made).status, made.events.count(), part(made).claimed_by) == ("new", 1, None)


def test_claim_comment_ask_watch_and_due_date(triager: Client) -> None:
    made = case(team("web"))
    press(triager, made, "claim")
    assert part(made).status == "triaging"
    press(triager, made, "comment", text="what about staging?")
    press(triager, made, "ask", text="whose is it?")
    press(triager, made, "due", due_at=f"{timezone.now() + timedelta(days=9):%Y-%m-%d}")
    press(triager, made, "watch")
    page = text(triager.get(f"/cases/C-{made.pk}/"))
    for expected in (
        "takes care of it",
        "what about staging?",
        "whose is it?",
        "changed the due date",
        "Stop watching",
    ):
        assert expected in page, expected
    press(triager, made, "unclaim")
    press(triager, made, "unwatch")
    assert part(made).claimed_by is None


def test_approval_by_somebody_else(person: Callable[..., Any], triager: Client, monkeypatch: Any) -> None:
    from kairan.domain.config import Config, Rule
    from kairan.services import configuration

    config = Config(rules=(Rule(name="urgent", approve=("false_positive",)),))
    monkeypatch.setattr(configuration, "active", lambda: configuration.normalised(config))
    made = case(team("web"))
    press(triager, made, "decide", status="false_positive", reason="x")
    page = text(triager.get(f"/cases/C-{made.pk}/"))
    assert "Waits for an approver" in page
    assert 'value="approve"' not in page
    decision = part(made).decisions.get().pk
    assert press(triager, made, "approve", decision=decision).status_code == 403
    approver = login(person(Role.APPROVER))
    assert "section-approval" in text(approver.get("/inbox/"))
    assert 'value="approve"' in text(approver.get(f"/cases/C-{made.pk}/"))
    assert press(approver, made, "refuse", decision=decision).status_code == 422
    press(approver, made, "approve", decision=decision, note="fine")
    assert part(made).status == "false_positive"


@pytest.mark.parametrize("hostile", list(TEXTS.values()), ids=list(TEXTS))
def test_hostile_words_stay_words(triager: Client, street: Any, hostile: str) -> None:
    finding = street.finding(title=hostile, asset=f"a{hostile}"[:200].replace("\0", ""), installed="1")
    made = case(team("web"), findings=[finding], title=hostile.replace("\0", "") or "x")
    press(triager, made, "comment", text=hostile)
    press(triager, made, "decide", status="false_positive", reason=hostile or "x")
    for address in (f"/cases/C-{made.pk}/", "/inbox/", "/cases/?state=any", "/cases/board/"):
        page = text(triager.get(address))
        assert "<script>hostile" not in page
        assert "<img src=x" not in page
        assert "<hostile-tag" not in page


# --- words are kept


def fields_of(page: str, part: int) -> str:
    return page.partition(f'id="part-{part}"')[2].partition('<section class="case-part')[0]


def test_a_decision_that_came_too_late_keeps_its_words(triager: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    made = case(team("web"), team("pay"), status="triaging")
    said = {"status": "fix_claimed", "reason": "typed <b> for long", "links": "https://proof.example/1"}
    file = SimpleUploadedFile("a.txt", b"proof")
    late = _faster(monkeypatch, made, "decide", triager, {**said, "files": file})
    page = text(late)
    assert late.status_code == 409
    assert "somebody or a scan was faster" in page
    assert "Choose the files once more" in page
    assert ">typed &lt;b&gt; for long</textarea>" in page
    assert ">https://proof.example/1</textarea>" in page
    assert "data-decide open" in fields_of(page, part(made).pk)
    drawer = _faster(monkeypatch, made, "decide", triager, said, drawer=True)
    assert drawer.status_code == 200
    assert "for long</textarea>" in text(drawer)


def _faster(monkeypatch: Any, made: Any, do: str, client: Client, said: Any, *, drawer: bool = False) -> Any:
    """Press while a scan resolves the part or a colleague moves it: the use case finds it changed."""
    from kairan.domain.errors import IllegalTransition
    from kairan.web.cases import commands

    def faster(*_: Any, **__: Any) -> None:
        raise IllegalTransition("somebody was faster")

    with monkeypatch.context() as patched:
        patched.setattr(commands.triage, do, faster)
        address = f"/cases/C-{made.pk}/{'?drawer=1' if drawer else ''}"
        headers = DRAWER if drawer else {}
        return client.post(address, {"do": do, "part": part(made).pk, **said}, headers=headers)


def test_words_for_a_part_that_was_resolved_meanwhile_stand_above(triager: Client) -> None:
    made = case(team("web"), status="resolved", state="closed")
    answer = press(triager, made, "decide", status="false_positive", reason="one\ntwo", links="https://a.example")
    page = text(answer)
    assert answer.status_code == 409
    kept = page.partition("What you wrote")[2].partition("</section>")[0]
    assert "one<br>two" in kept
    assert "https://a.example" in kept
    answer = press(triager, made, "claim")
    assert (answer.status_code, answer["Location"]) == (302, f"/cases/C-{made.pk}/"), "no words, nothing to keep"


def test_questions_dates_notes_and_comments_come_back_as_typed(triager: Client, person: Callable[..., Any]) -> None:
    made = case(team("web"), team("pay"), part={"due_at": timezone.now() + timedelta(days=3)})
    number = part(made).pk
    long = "why? " * 900
    page = text(press(triager, made, "ask", text=long))
    assert f">{long}</textarea>" in fields_of(page, number)
    assert page.count(long) == 1
    page = text(press(triager, made, "due", due_at="2020-01-02"))
    assert f'id="new-due-{number}" type="date" name="due_at" value="2020-01-02"' in page
    assert page.count("2020-01-02") == 1
    page = text(press(triager, made, "comment", text=long))
    assert page.count(long) == 1
    assert f">{long}</textarea>" in page.partition('id="comment"')[2]
    gone = triager.post(f"/cases/C-{made.pk}/", {"do": "ask", "part": "999999", "text": "whose is it?"})
    assert gone.status_code == 409
    assert "whose is it?" in text(gone).partition("What you wrote")[2].partition("</section>")[0]


def test_a_note_for_a_decision_that_another_approver_settled_is_kept(
    triager: Client, person: Callable[..., Any], monkeypatch: Any
) -> None:
    from kairan.domain.config import Config, Rule
    from kairan.services import configuration

    config = Config(rules=(Rule(name="urgent", approve=("false_positive",)),))
    monkeypatch.setattr(configuration, "active", lambda: configuration.normalised(config))
    made = case(team("web"))
    press(triager, made, "decide", status="false_positive", reason="x")
    decision = part(made).decisions.get().pk
    one, two = login(person(Role.APPROVER)), login(person(Role.APPROVER))
    page = text(press(one, made, "refuse", decision=decision, note="n" * 4_001))
    assert f'value="{"n" * 4_001}"' in page
    press(one, made, "approve", decision=decision)
    late = press(two, made, "refuse", decision=decision, note="I have doubts")
    assert late.status_code == 409
    assert "I have doubts" in text(late).partition("What you wrote")[2].partition("</section>")[0]


# --- evidence


def test_a_file_is_kept_and_only_ever_downloaded(triager: Client, archive_home: Any) -> None:
    made = case(team("web"))
    said = {"status": "false_positive", "reason": "see file"}
    file = SimpleUploadedFile("../../proof 証拠.txt", b"<script>alert(1)</script>", content_type="text/html")
    press(triager, made, "decide", files=file, **said)
    decision = part(made).decision
    assert decision.evidence[0]["name"] == "proof 証拠.txt"
    answer = triager.get(f"/cases/evidence/{decision.pk}/0/")
    assert b"".join(answer.streaming_content) == b"<script>alert(1)</script>"  # type: ignore[attr-defined]
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert triager.get(f"/cases/evidence/{decision.pk}/1/").status_code == 404
    assert triager.get("/cases/evidence/999999/0/").status_code == 404


def test_a_file_that_is_not_taken_says_why_and_leaves_nothing_behind(
    triager: Client, archive_home: Any, monkeypatch: Any
) -> None:
    from kairan.services import evidence

    monkeypatch.setattr(evidence, "MOST_BYTES", 1 << 20)
    made = case(team("web"))
    good = SimpleUploadedFile("a.txt", b"good")
    for bad, why in (
        (SimpleUploadedFile("a.html", b"x"), "Files of this kind"),
        (SimpleUploadedFile("a.txt", b""), "The file is empty"),
        (SimpleUploadedFile("a.txt", b"x" * ((1 << 20) + 1)), "at most 1 MiB"),
    ):
        good.seek(0)
        answer = press(triager, made, "decide", status="false_positive", reason="x", files=[good, bad])
        assert (answer.status_code, why in text(answer)) == (422, True), why
    good.seek(0)
    press(triager, made, "decide", status="risk_accepted", files=good)
    assert [each for each in archive_home.rglob("*") if each.is_file() and "evidence" in str(each)] == []
    assert part(made).status == "new"


def test_evidence_outlives_the_pruning(triager: Client, person: Callable[..., Any], archive_home: Any) -> None:
    from kairan.runtime.object_store import Archive
    from kairan.services.prune import prune

    made = case(team("web"))
    press(triager, made, "decide", status="false_positive", reason="x", files=SimpleUploadedFile("a.txt", b"proof"))
    prune(Archive.configured(), timezone.now() + timedelta(days=400))
    later = login(person(Role.VIEWER))  # the pruning ended the session
    assert later.get(f"/cases/evidence/{part(made).decision_id}/0/").status_code == 200


# --- bulk


def seen_in(page: str) -> str:
    """What the form says the reader saw."""
    return page.partition('name="seen" value="')[2].partition('"')[0]


def decide_many(client: Client, query: str, **said: Any) -> Any:
    """As a person does: look at the form, fill it in, send it."""
    fields = QueryDict(query, mutable=True)
    fields["seen"] = seen_in(text(client.get(f"/cases/bulk/?{query}")))
    fields.update(said)
    return client.post("/cases/bulk/", fields.urlencode(), content_type="application/x-www-form-urlencoded")


def test_all_that_match_are_counted_then_decided_then_undone(triager: Client) -> None:
    from kairan.services import bulk

    web = team("web")
    made = [case(web, status="triaging") for _ in range(3)]
    other = case(web)
    query = "scope=all&f-state=open&f-status=triaging"
    assert "Decide for 3 parts of cases" in text(triager.get(f"/cases/bulk/?{query}"))
    answer = decide_many(triager, query, status="deferred", until="fix")
    bulk.work(timezone.now)
    page = text(triager.get(answer["Location"]))
    assert "3 of 3" in page
    assert {part(each).status for each in made} == {"deferred"}
    assert part(other).status == "new"
    triager.post(answer["Location"])
    bulk.work(timezone.now)
    assert {part(each).status for each in made} == {"triaging"}
    assert "Taken back" in text(triager.get(answer["Location"], headers=DRAWER))


def test_what_was_picked_is_what_is_decided_and_refusals_are_told(triager: Client) -> None:
    from kairan.services import bulk

    web = team("web")
    one, two, three = case(web), case(web), case(web, status="fix_claimed")
    query = f"part={part(one).pk}&part={part(three).pk}"
    answer = decide_many(triager, query, status="waiting_for_verification")
    bulk.work(timezone.now)
    page = text(triager.get(answer["Location"]))
    assert "Its status does not allow this any more." in page
    assert [part(each).status for each in (one, two, three)] == ["new", "new", "waiting_for_verification"]
    assert "Decide for 1 part of a case" in text(triager.get(f"/cases/bulk/?case={two.pk}&f-state=open"))


NOTHING = [
    "",
    "case=abc",
    "case=",
    "part=x",
    "f-state=open",
    "scope=",
    "scope=everything",
    "scope=all&f-status=nonsense",
    "scope=all&f-state=opne",
    "scope=all&f-severity=high,hihg",
    "scope=all&f-due=soon",
    "scope=all&f-nonsense=yes",
    "case=9999999&f-state=any",
]


@pytest.mark.parametrize("query", NOTHING)
def test_what_is_not_understood_chooses_nothing(triager: Client, query: str) -> None:
    from kairan.store.models import BulkDecision

    case(team("web"))
    page = text(triager.get(f"/cases/bulk/?{query}"))
    assert "nothing was chosen" in page
    assert "<button" not in page.partition("<main")[2].partition("</main")[0]
    answer = decide_many(triager, query, status="false_positive", reason="x")
    assert (answer.status_code, BulkDecision.objects.count()) == (422, 0)


def test_picks_and_filters_choose_exactly_what_they_say(triager: Client) -> None:
    web, pay = team("web"), team("pay")
    one, two, three = case(web, pay), case(web), case(pay, status="triaging")
    for query, number in (
        ("scope=all", 4),
        ("scope=all&f-status=new&f-team=web", 2),
        ("scope=all&f-text=case,+number", 4),
        (f"case={one.pk}", 2),
        (f"case={one.pk}&f-team=pay", 1),
        (f"case={one.pk}&case=abc&part={part(three).pk}&part={part(one).pk}", 3),
        (f"scope=all&f-severity=high,low&f-status=triaging&case={two.pk}", 1),
    ):
        page = text(triager.get(f"/cases/bulk/?{query}"))
        assert f"Decide for {number} part" in page, query


def test_nothing_is_decided_for_parts_that_were_not_counted(triager: Client) -> None:
    from kairan.services import bulk
    from kairan.store.models import BulkDecision

    web = team("web")
    case(web, severity=Severity.LOW)
    seen = seen_in(text(triager.get("/cases/bulk/?scope=all&f-severity=low")))
    late = [case(web, severity=Severity.LOW) for _ in range(2)]
    said = {"scope": "all", "f-severity": "low", "status": "false_positive", "reason": "kept words"}
    answer = triager.post("/cases/bulk/", {**said, "seen": seen})
    page = text(answer)
    assert (answer.status_code, BulkDecision.objects.count()) == (409, 0)
    assert "Then 1 matched, now 3" in page
    assert "Decide for 3 parts" in page
    assert ">kept words</textarea>" in page
    assert 'value="false_positive" required checked' in page
    assert triager.post("/cases/bulk/", said).status_code == 409, "what was never counted is not decided"
    assert triager.post("/cases/bulk/", {**said, "seen": "x" * 50}).status_code == 409
    assert triager.post("/cases/bulk/", {**said, "seen": seen_in(page)}).status_code == 302
    bulk.work(timezone.now)
    assert {part(each).status for each in late} == {"false_positive"}


def test_too_many_picks_are_refused_aloud(triager: Client) -> None:
    from kairan.store.models import BulkDecision

    case(team("web"))
    query = "&".join(f"part={number}" for number in range(1, 502))
    assert "More than 500 were picked" in text(triager.get(f"/cases/bulk/?{query}"))
    assert decide_many(triager, query, status="triaging").status_code == 422
    assert triager.get(f"/cases/bulk/?{query}&{query}").status_code == 400
    assert not BulkDecision.objects.exists()


def test_bulk_forms_that_make_no_sense(triager: Client, viewer: Client) -> None:
    made = case(team("web"))
    wrong = decide_many(triager, f"case={made.pk}", status="deferred")
    assert (wrong.status_code, "say when it ends" in text(wrong).lower()) == (422, True)
    assert decide_many(triager, "case=999999", status="triaging").status_code == 422
    assert "Nothing matches" in text(triager.get("/cases/bulk/?case=999999"))
    assert "Those who triage decide for many" in text(viewer.get(f"/cases/bulk/?case={made.pk}"))
    assert viewer.post("/cases/bulk/", {"case": made.pk, "status": "triaging"}).status_code == 403
    assert audits() == ["case.bulk.refused"]
    assert triager.get("/cases/bulk/999999/").status_code == 404


def test_every_status_has_its_words_in_both_languages(person: Callable[..., Any]) -> None:
    client = login(person(Role.TRIAGER, language="ja"))
    for status in Status:
        made = case(team("web"), status=status, state="open")
        page = text(client.get(f"/cases/C-{made.pk}/"))
        assert f">{status}<" not in page
