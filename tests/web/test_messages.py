"""The page of messages: drawn as Slack would, working against the handlers that Slack's payloads meet."""

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from kairan.domain.rights import Role
from kairan.web.preview.mrkdwn import drawn
from tests.services.article import DAY, sent, told

FIRST = "SlackチャンネルID1"


@pytest.fixture
def case(store: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    from django.utils import timezone

    from kairan.store.models import Case

    monkeypatch.setattr(timezone, "now", lambda: DAY)
    told(tmp_path)
    return Case.objects.get()


@pytest.fixture
def triager(case: Any, person: Any) -> Client:
    client = Client()
    client.force_login(person(Role.TRIAGER))
    return client


def delivery(**which: Any) -> Any:
    from kairan.store.models import Delivery

    return Delivery.objects.filter(edits=False, **which).order_by("pk").get()


def press_of(answer: Any, label: str) -> str:
    """The place of a button on the page."""
    found = re.search(rf'name="press" value="([0-9.]+)">{re.escape(label)}</button>', answer.content.decode())
    assert found, label
    return found[1]


def press(client: Client, message: Any, label: str, **values: Any) -> Any:
    page = client.get(reverse("message", args=[message.root.marker if message.root else message.marker]))
    data = {"press": press_of(page, label), **values}
    return client.post(reverse("message_press", args=[message.marker]), data)


def test_the_psirt_channel_shows_post_and_form(triager: Client) -> None:
    page = triager.get(reverse("messages"), {"destination": "preview", "channel": "psirt"}).content.decode()
    assert "Dependabot alert: Vulnerability in XXX" in page
    assert "2023-04-01 00:00〜2023-04-02 00:00 (filtered by ghsaId)" in page
    assert '<a href="https://github.com/advisories/GHSA-xxxx-xxxx-xxxx"' in page
    assert f'type="checkbox" name="kairan.field.channels.1~kairan.value" value="{FIRST}"' in page
    assert "各チャンネルに連絡</button>" in page
    assert "パッケージ「XXX」の脆弱性です。バージョン2.0.0にアップデートをお願いします。</textarea>" in page


def test_the_page_reads_like_the_articles_picture(triager: Client) -> None:
    """What the article's pictures of the post and the form show, in their order."""
    page = triager.get(reverse("messages"), {"destination": "preview", "channel": "psirt"}).content.decode()
    _, _, seen = re.sub(r"<[^>]*>|\s+", " ", page).partition("Dependabot alert: Vulnerability in XXX")
    wanted = ["2023-04-01 00:00〜2023-04-02 00:00 (filtered by ghsaId)", "repository:", "リポジトリ1", "リポジトリ2"]
    wanted += ["securityAdvisory", "Vulnerability in XXX", "severity: CRITICAL", "GHSA-xxxx-xxxx-xxxx"]
    wanted += ["SIEM Discover", "SIEM Dashboard", "Create Jira Issue", "トリアージ", "#Slackチャンネル1"]
    wanted += ["#Slackチャンネル2", "Message", "パッケージ「XXX」の脆弱性です。", "各チャンネルに連絡"]
    for each in wanted:
        _, found, seen = seen.partition(each)
        assert found, f"{each} does not follow"


def test_the_form_tells_the_ticked_team_and_the_reply_stands_in_its_channel(triager: Client) -> None:
    form = delivery(purpose="triage_form")
    values = {"kairan.field.channels.1~kairan.value": FIRST, "kairan.field.message~kairan.value": "2.0.0へ & <b>"}
    answer = press(triager, form, "各チャンネルに連絡", **values)
    assert answer.status_code == 302
    assert "On its way to: Slackチャンネル1" in triager.get(answer["Location"]).content.decode()
    sent(DAY)
    room = triager.get(reverse("messages"), {"destination": "preview", "channel": FIRST}).content.decode()
    assert room.count("2.0.0へ &amp; &lt;b&gt;") == 2  # in the thread, and broadcast
    assert "also sent to the channel" in room


def test_nothing_ticked_is_said_at_the_field_and_what_was_written_stays(triager: Client) -> None:
    form = delivery(purpose="triage_form")
    answer = press(triager, form, "各チャンネルに連絡", **{"kairan.field.message~kairan.value": "my own words"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Tick at least one channel." in page
    assert "my own words</textarea>" in page
    assert not _told()


def _told() -> list[Any]:
    from kairan.store.models import Delivery

    return list(Delivery.objects.filter(purpose="triage_message"))


def test_a_channel_that_the_form_does_not_offer_is_not_ticked(triager: Client) -> None:
    form = delivery(purpose="triage_form")
    values = {"kairan.field.channels.1~kairan.value": "C-elsewhere", "kairan.field.message~kairan.value": "x"}
    assert press(triager, form, "各チャンネルに連絡", **values).status_code == 422
    assert not _told()


def test_a_decision_opens_a_form_says_what_is_wrong_and_is_taken(triager: Client, case: Any) -> None:
    post = delivery(purpose="psirt_post")
    opened = press(triager, post, "判断する")
    page = opened.content.decode()
    assert opened.status_code == 200
    assert 'role="dialog"' in page
    place = re.search(r'<input type="hidden" name="press" value="([0-9.]+)">', page)
    assert place
    parts = [str(part.pk) for part in case.parts.all()]
    address = reverse("message_press", args=[post.marker])
    data: dict[str, Any] = {"press": place[1], "sent": "1", "kairan.field.teams~kairan.value": parts}
    data["kairan.field.status~kairan.value"] = "false_positive"
    wrong = triager.post(address, data)
    assert wrong.status_code == 422
    assert "Give a reason." in wrong.content.decode()
    assert '<option value="false_positive" selected>' in wrong.content.decode()
    done = triager.post(address, {**data, "kairan.field.reason~kairan.value": "not what we run"})
    assert done.status_code == 302
    assert {part.status for part in case.parts.all()} == {"false_positive"}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER])
def test_who_may_not_is_told_so(role: Role, case: Any, person: Any) -> None:
    client = Client()
    client.force_login(person(role))
    answer = press(client, delivery(purpose="psirt_post"), "担当する")
    assert answer.status_code == 403
    assert "You may not do this." in html.unescape(answer.content.decode())
    assert {part.claimed_by_id for part in case.parts.all()} == {None}


@pytest.mark.parametrize("place", ["", "x", "0.0", "99.0", "7.99", "-1.0", "1.0.0", "٣.0", "9" * 30 + ".0"])
def test_what_is_no_button_does_nothing(place: str, triager: Client) -> None:
    address = reverse("message_press", args=[delivery(purpose="psirt_post").marker])
    assert triager.post(address, {"press": place}).status_code == 400


def test_a_thread_shows_its_replies_and_a_replys_link_leads_to_it(triager: Client) -> None:
    form, post = delivery(purpose="triage_form"), delivery(purpose="psirt_post")
    answer = triager.get(reverse("message", args=[form.marker]))
    assert answer["Location"] == f"{reverse('message', args=[post.marker])}#m-{form.pk}"
    page = triager.get(reverse("message", args=[post.marker])).content.decode()
    assert f'id="m-{form.pk}"' in page


def test_an_edit_is_what_is_shown(triager: Client, case: Any) -> None:
    press(triager, delivery(purpose="psirt_post"), "担当する")
    sent(DAY)
    page = triager.get(reverse("message", args=[delivery(purpose="psirt_post").marker])).content.decode()
    assert "調査中" in page
    assert "edited" in page


def test_the_blocks_are_there_for_block_kit_builder(triager: Client) -> None:
    post = delivery(purpose="psirt_post")
    page = triager.get(reverse("message_raw", args=[post.marker])).content.decode()
    written = re.search(r"<pre[^>]*>(.*?)</pre>", page, re.DOTALL)
    assert written
    assert json.loads(html.unescape(written[1]))["blocks"] == post.payload["blocks"]


def test_a_message_that_is_not_there(triager: Client) -> None:
    nowhere = "00000000-0000-0000-0000-000000000000"
    assert triager.get(reverse("message", args=[nowhere])).status_code == 404
    assert triager.get(reverse("messages"), {"destination": "x", "channel": "y"}).status_code == 404


def test_an_empty_store_says_what_to_expect(db: None, person: Any) -> None:
    client = Client()
    client.force_login(person(Role.VIEWER))
    assert "Nothing was told yet" in client.get(reverse("messages")).content.decode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*b* and _i_", "<strong>b</strong> and <em>i</em>"),
        ("\u2060*\u2060b\u2060*\u2060", "\u2060*\u2060b\u2060*\u2060"),
        ("my_snake_name", "my_snake_name"),
        ("&lt;script&gt;&amp;", "&lt;script&gt;&amp;"),
        ("<https://a.example/?x=1&amp;y|the <b>>", None),
        (
            "<https://a.example/?x=1&amp;y|label>",
            '<a href="https://a.example/?x=1&amp;y" rel="noopener noreferrer">label</a>',
        ),
        ("<javascript:alert(1)|label>", "label"),
        ("</cases/C-1/|C-1>", '<a href="/cases/C-1/" rel="noopener noreferrer">C-1</a>'),
        ("<//evil.example|x>", "x"),
        ("a\nb", "a<br>b"),
        (
            '<https://a.example/"onmouseover=x|l>',
            '<a href="https://a.example/&quot;onmouseover=x" rel="noopener noreferrer">l</a>',
        ),
    ],
)
def test_mrkdwn_is_drawn_and_nothing_else(text: str, shown: str | None) -> None:
    found = drawn({"type": "mrkdwn", "text": text})
    assert "<script" not in found
    assert "<b>" not in found
    assert shown is None or found == shown
