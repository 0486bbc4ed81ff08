"""What PSIRT does from a case's page and by the API: write to the teams, make a ticket, have a silent case told."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from kairan.domain.rights import Right, Role, may
from tests.services.article import DAY, SETTINGS, YAML, configure, sent, told
from tests.web.api import Script, script_of

FIRST, SECOND = "SlackチャンネルID1", "SlackチャンネルID2"
WORDS = "2.0.0へ & <b>"


@pytest.fixture
def case(store: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    from django.utils import timezone

    from kairan.runtime import clock
    from kairan.store.models import Case

    monkeypatch.setattr(timezone, "now", lambda: DAY)
    monkeypatch.setattr(clock, "now", lambda: DAY)
    told(tmp_path)
    return Case.objects.get()


@pytest.fixture
def triager(case: Any, person: Callable[..., Any]) -> Client:
    client = Client()
    client.force_login(person(Role.TRIAGER))
    return client


@pytest.fixture
def script(case: Any, person: Callable[..., Any]) -> Script:
    return script_of(person(Role.TRIAGER))


def page(client: Client, case: Any) -> str:
    return str(client.get(f"/cases/C-{case.pk}/").content.decode())


def press(client: Client, case: Any, do: str, **said: Any) -> Any:
    return client.post(f"/cases/C-{case.pk}/", {"do": do, **said})


def parts(case: Any) -> list[int]:
    return [part.pk for part in case.parts.order_by("pk")]


def deliveries(purpose: str) -> list[Any]:
    from kairan.store.models import Delivery

    return list(Delivery.objects.filter(purpose=purpose, edits=False).order_by("pk"))


def refused() -> list[str]:
    from kairan.store.models import Audit

    return list(Audit.objects.filter(action__endswith=".refused").order_by("pk").values_list("action", flat=True))


# --- write to the teams


def test_the_page_offers_each_team_with_its_channel_and_the_words_of_the_form(triager: Client, case: Any) -> None:
    shown = page(triager, case)
    assert "2 teams can be written to" in shown
    for number, channel in zip(parts(case), ("#Slackチャンネル1", "#Slackチャンネル2"), strict=True):
        assert f'name="team" value="{number}"' in shown
        assert f"<bdi>{channel}</bdi>" in shown
    assert shown.count("below its post") == 2
    assert "パッケージ「XXX」の脆弱性です。バージョン2.0.0にアップデートをお願いします。</textarea>" in shown


def test_the_page_says_all_of_it_in_japanese(case: Any, person: Callable[..., Any]) -> None:
    client = Client()
    client.force_login(person(Role.TRIAGER, language="ja"))
    shown = page(client, case)
    wanted = ["担当チームへの連絡", "2 チームに送信できます", "選んだチームに送信", "チケットを作成"]
    assert [each for each in wanted if each not in shown] == []


def test_what_is_written_goes_below_each_ticked_teams_own_post(triager: Client, case: Any) -> None:
    first, _ = parts(case)
    answer = press(triager, case, "write", team=[first], message=WORDS)
    assert answer.status_code == 302
    assert "On its way to: Slackチャンネル1." in page(triager, case)
    sent(DAY)
    [told_now] = deliveries("triage_message")
    assert (told_now.channel, told_now.state, told_now.params["broadcast"]) == (FIRST, "sent", True)
    assert (told_now.root.purpose, told_now.root.channel) == ("team_post", FIRST)
    assert "2.0.0へ &amp; &lt;b&gt;" in page(triager, case), "the timeline says it, as text"


def test_a_second_press_sends_nothing_again_and_says_so(triager: Client, case: Any) -> None:
    first, second = parts(case)
    press(triager, case, "write", team=[first], message=WORDS)
    press(triager, case, "write", team=[first, second], message=WORDS)
    press(triager, case, "write", team=[first, second], message=WORDS)
    assert [each.channel for each in deliveries("triage_message")] == [FIRST, SECOND]
    shown = page(triager, case)
    assert "Told before, and not again: Slackチャンネル1." in shown
    assert "Nothing was sent again: Slackチャンネル1, Slackチャンネル2 got this very text within the hour." in shown


def test_page_and_slacks_form_know_of_each_other(triager: Client, case: Any, person: Callable[..., Any]) -> None:
    from kairan.domain.answer import Said
    from kairan.domain.message import Action
    from kairan.services.act import act
    from tests.cases import actor

    press(triager, case, "write", team=[parts(case)[0]], message=WORDS)
    values: dict[str, Any] = {"channels": [FIRST], "message": WORDS}
    pressed = Action("send_triage", case.pk, None, values, channel=deliveries("triage_form")[0].channel)
    assert act(pressed, actor(person(Role.TRIAGER)), DAY).code is Said.SENT_BEFORE


@pytest.mark.parametrize(
    ("ticked", "message", "wrong"),
    [
        ([], WORDS, ["Tick at least one team."]),
        (["0"], " \n", ["Tick at least one team.", "Write something."]),
        (["x", "9" * 30, "-1"], WORDS, ["Tick at least one team."]),
        (["first"], "x" * 3_001, ["At most 3000 signs."]),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_written_stays(
    ticked: list[str], message: str, wrong: list[str], triager: Client, case: Any
) -> None:
    first = str(parts(case)[0])
    named = [first if each == "first" else each for each in ticked]
    answer = press(triager, case, "write", team=named, message=message)
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert all(each in shown for each in wrong)
    assert '<details class="write-teams" open>' in shown
    assert (f'value="{first}" checked' in shown) == ("first" in ticked)
    if message == WORDS:
        assert "2.0.0へ &amp; &lt;b&gt;</textarea>" in shown
    assert deliveries("triage_message") == []


def test_a_closed_case_takes_no_message(triager: Client, script: Script, case: Any) -> None:
    type(case).objects.update(state="closed", status="resolved")
    assert "Write to the teams" not in page(triager, case)
    answer = press(triager, case, "write", team=parts(case), message=WORDS).content.decode()
    assert "Nothing was sent: the case is closed." in answer
    assert "2.0.0へ &amp; &lt;b&gt;" in answer, "what was typed is not lost"
    assert script.post(f"/cases/C-{case.pk}/messages", {"parts": parts(case), "text": WORDS}).status_code == 409
    assert deliveries("triage_message") == []


def test_teams_that_share_a_channel_are_written_to_once(case: Any, tmp_path: Path, triager: Client) -> None:
    from kairan.services import telling_teams

    teams = "teams:\n" + "".join(
        f"  - key: t{number}\n    channels: {{preview: {{id: SHARED, name: both}}}}\n" for number in (1, 2)
    )
    owns = "ownership:\n" + "".join(
        f"  - team: t{number}\n    repository: ORG_NAME/リポジトリ{number}\n" for number in (1, 2)
    )
    configure(tmp_path, SETTINGS.format(language="en") + teams + owns, DAY)
    from kairan.services import route

    route.drain(DAY)
    rooms = [room for room in telling_teams.rooms(case.pk) if "#both" in room.channels]
    assert [list(room.teams) for room in rooms] == [["t1", "t2"]]
    press(triager, case, "write", team=[room.part for room in rooms], message=WORDS)
    assert [each.channel for each in deliveries("triage_message")] == ["SHARED"]


# --- a ticket


def test_without_a_destination_that_makes_tickets_the_preview_draws_it_and_that_is_said(
    triager: Client, case: Any
) -> None:
    assert "No destination makes tickets yet: it is only drawn in the preview." in page(triager, case)
    assert press(triager, case, "ticket").status_code == 302
    assert "so none was made: the preview shows what it would be" in page(triager, case)
    sent(DAY)
    [ticket] = deliveries("ticket")
    shown = page(triager, case)
    assert f'href="/messages/{ticket.marker}/"' in shown
    assert 'value="ticket"' not in shown, "there is one: it is not offered again"
    press(triager, case, "ticket")
    assert "There is a ticket already." in page(triager, case)
    assert len(deliveries("ticket")) == 1


def test_where_tickets_are_made_it_goes_there(triager: Client, case: Any, tmp_path: Path) -> None:
    from kairan.services.ticketing import Maker, maker

    desk = "destinations: [{name: preview, kind: preview}, {name: desk, kind: dummy, channel: {id: T}}]\n"
    configure(tmp_path, YAML + SETTINGS.format(language="en") + desk, DAY)
    assert maker() == Maker("desk", False)
    press(triager, case, "ticket")
    assert "A ticket is on its way to desk." in page(triager, case)
    [ticket] = deliveries("ticket")
    assert (ticket.destination, ticket.channel, ticket.state) == ("desk", "T", "pending")


def test_where_nothing_makes_tickets_both_say_so(
    triager: Client, script: Script, case: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kairan.services.readers import Directory

    monkeypatch.setattr(Directory, "tickets", lambda _self: None)
    assert "No destination of the configuration makes tickets." in page(triager, case)
    press(triager, case, "ticket")
    assert "No ticket was made: no destination of the configuration makes tickets." in page(triager, case)
    answer = script.post(f"/cases/C-{case.pk}/ticket", {})
    assert (answer.status_code, "makes tickets" in answer.json()["detail"]) == (409, True)


# --- a silent baseline


def test_a_silent_case_says_when_it_is_told_and_can_be_told_now(triager: Client, script: Script, case: Any) -> None:
    from kairan.store.models import CaseEvent

    def released() -> int:
        return CaseEvent.objects.filter(case=case, code="released").count()

    type(case).objects.update(told_at=None)
    before = released()
    shown = page(triager, case)
    assert "The next slice:" in shown
    assert press(triager, case, "tell").status_code == 302
    assert "It is told now." in page(triager, case)
    assert released() == before + 1
    press(triager, case, "tell")
    assert "It was told already." in page(triager, case)
    assert script.post(f"/cases/C-{case.pk}/release", {}).json() == {"done": False}
    assert released() == before + 1


# --- whose right it is


@pytest.mark.parametrize("role", Role)
def test_each_role_does_exactly_what_it_may(role: Role, case: Any, person: Callable[..., Any]) -> None:
    someone = person(role)
    client, script = Client(), script_of(someone)
    client.force_login(someone)
    shown, is_allowed = page(client, case), may(role, Right.DECIDE)
    assert ('value="write"' in shown, 'value="ticket"' in shown) == (is_allowed, is_allowed)
    said = {"team": parts(case), "message": WORDS}
    wanted = 302 if is_allowed else 403
    assert [press(client, case, do, **said).status_code for do in ("write", "ticket", "tell")] == [wanted] * 3
    bodies: list[tuple[str, Any]] = [("messages", {"parts": parts(case), "text": "x"}), ("ticket", {}), ("release", {})]
    answers = [script.post(f"/cases/C-{case.pk}/{place}", body).status_code for place, body in bodies]
    assert answers == [200 if is_allowed else 403] * 3
    deeds = ["case.send_triage.refused", "case.create_ticket.refused", "baseline.release.refused"]
    assert refused() == ([] if is_allowed else deeds * 2)
    assert bool(deliveries("triage_message")) == is_allowed


# --- the API


def test_the_api_writes_makes_a_ticket_and_names_what_is_wrong(script: Script, case: Any) -> None:
    place = f"/cases/C-{case.pk}"
    first, second = parts(case)
    assert script.post(f"{place}/messages", {"parts": [first], "text": WORDS}).json() == {
        "teams": ["Slackチャンネル1"],
        "again": [],
    }
    again = script.post(f"{place}/messages", {"parts": [first, second], "text": WORDS}).json()
    assert again == {"teams": ["Slackチャンネル2"], "again": ["Slackチャンネル1"]}
    assert script.post(f"{place}/messages", {"parts": [first], "text": WORDS}).json()["teams"] == []
    wrong = script.post(f"{place}/messages", {"parts": [999_999], "text": WORDS})
    assert (wrong.status_code, wrong.json()["errors"][0]["where"]) == (422, "body.parts")
    assert script.post(f"{place}/messages", {"parts": [first], "text": " "}).status_code == 422
    made = script.post(f"{place}/ticket", {}).json()
    assert (made["outcome"], made["destination"]) == ("ticket_previewed", "preview")
    sent(DAY)
    before = script.post(f"{place}/ticket", {}).json()
    assert (before["outcome"], before["url"].startswith("/messages/")) == ("ticket_before", True)
    for what, body in (("messages", {"parts": [first], "text": "x"}), ("ticket", {}), ("release", {})):
        assert script.post(f"/cases/C-999999/{what}", body).status_code == 404
