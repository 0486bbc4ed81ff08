"""The article's story in the preview: posts, form, what its buttons do, and who may press them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.contrib.auth.hashers import make_password

from kairan.domain.answer import Answer, Said
from kairan.domain.message import Action, Purpose
from kairan.domain.rights import Role
from kairan.services.act import act
from kairan.services.actor import Actor
from kairan.services.compose import compose
from tests.services.article import DAY, sent, told

FIRST, SECOND = "SlackチャンネルID1", "SlackチャンネルID2"


@pytest.fixture
def case(store: None, tmp_path: Path) -> Any:
    from kairan.store.models import Case

    told(tmp_path)
    return Case.objects.get()


def someone(name: str, role: Role, team: Any = None) -> Actor:
    from kairan.store.models import Person, TeamMember

    person = Person.objects.create(
        username=name, role=role, password=make_password(None), created_at=DAY, time_zone="Asia/Tokyo"
    )
    if team:
        TeamMember.objects.create(team=team, person=person)
    return Actor(name, person.pk, "127.0.0.1")


@pytest.fixture
def psirt(case: Any) -> Actor:
    return someone("psirt", Role.TRIAGER)


def messages(**which: Any) -> list[Any]:
    from kairan.store.models import Delivery

    return list(Delivery.objects.filter(**which).order_by("pk"))


def press(code: str, case: Any, who: Actor, part: int | None = None, now: datetime = DAY, **values: Any) -> Answer:
    form = next(iter(messages(purpose="triage_form", edits=False)))
    return act(Action(code, case.pk, part, values, channel=form.channel), who, now)


def test_the_alerts_are_told_as_the_article_tells_them(case: Any) -> None:
    posts = messages(purpose="team_post", edits=False)
    assert sorted(each.channel for each in posts) == [FIRST, SECOND]
    assert {each.state for each in messages()} == {"sent"}
    (post,) = messages(purpose="psirt_post", edits=False)
    said = compose(post.pk)
    assert said.case is not None
    assert (said.purpose, said.language, said.filtered_by) == (Purpose.PSIRT_POST, "ja", "ghsaId")
    assert (said.case.summary, said.case.ghsa) == ("Vulnerability in XXX", "GHSA-xxxx-xxxx-xxxx")
    assert [place.name for place in said.case.places] == ["リポジトリ1", "リポジトリ2"]
    assert [(fix.package, fix.installed, fix.fixed) for fix in said.case.fixes] == [("XXX", ("1.0.0",), "2.0.0")]
    window = [text["text"]["text"] for text in post.payload["blocks"] if "filtered by" in str(text)]
    assert window[0].startswith("2023-04-01 00:00〜2023-04-02 00:00 (filtered by ghsaId)\nrepository: ")
    siem = {link.label: link.url for link in said.case.links}
    assert siem["siem_discover"].endswith("from=2023-03-31T15%3A00%3A00.000Z&to=2023-04-01T15%3A00%3A00.000Z")
    assert [offer.code for offer in said.offers] == ["create_ticket", "claim", "decide", "defer"]


def test_the_preview_is_among_kairans_pages_and_needs_no_address_for_its_links(case: Any) -> None:
    from unittest.mock import patch

    from msgspec.structs import replace

    from kairan.services import configuration

    (post,) = messages(purpose="psirt_post", edits=False)
    config = replace(configuration.active(), address="")
    with patch.object(configuration, "active", lambda: config):
        said = compose(post.pk).case
    assert said is not None
    assert said.url == f"/cases/C-{case.pk}/"


def test_the_form_has_each_teams_channel_and_the_link_of_its_post(case: Any) -> None:
    (form,) = messages(purpose="triage_form", edits=False)
    posts = {each.channel: each for each in messages(purpose="team_post", edits=False)}
    said = compose(form.pk)
    assert said.case is not None
    assert {part.channel_id: part.post for part in said.case.parts} == {
        channel: f"https://kairan.example.com/messages/{post.marker}/" for channel, post in posts.items()
    }
    assert "バージョン2.0.0にアップデートをお願いします。" in str(form.payload)
    assert f"/messages/{posts[FIRST].marker}/" in str(form.payload)


def test_composing_takes_as_many_queries_however_large_the_case_is(case: Any) -> None:
    from django.db import connection

    from kairan.store.models import Asset, CaseFinding, CasePart, Finding, Team

    def queries() -> int:
        asked: list[str] = []

        def count(execute: Any, sql: Any, *more: Any) -> Any:
            asked.append(sql)
            return execute(sql, *more)

        with connection.execute_wrapper(count), counted_raw(asked):
            compose(post.pk)
        return len(asked)

    (post,) = messages(purpose="psirt_post", edits=False)
    before = queries()
    template = Finding.objects.first()
    assert template
    for number in range(60):
        team = Team.objects.create(key=f"t{number}", name=f"t{number}")
        part = CasePart.objects.create(
            case=case, team=team, status="new", status_since=DAY, severity=5, opened_at=DAY, findings=1
        )
        asset = Asset.objects.create(kind="repository", external_id=f"x/{number}", name=f"x/{number}", created_at=DAY)
        finding = Finding.objects.create(
            vulnerability=template.vulnerability,
            home=template.home,
            asset=asset,
            package=template.package,
            is_open=True,
            severity=5,
            first_seen=DAY,
        )
        CaseFinding.objects.create(case=case, part=part, finding=finding.pk, joined_at=DAY)
    said = compose(post.pk)
    assert said.case is not None
    assert (len(said.case.places), len(said.case.parts)) == (62, 62)
    assert 5 < before == queries()


@contextmanager
def counted_raw(asked: list[str]) -> Iterator[None]:
    """Counts what psycopg's own cursors are asked, too."""
    execute = psycopg.Cursor.execute

    def counted(self: Any, query: Any, *more: Any, **named: Any) -> Any:
        asked.append(str(query))
        return execute(self, query, *more, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", counted)
        yield


def test_pressing_tells_each_ticked_team_below_its_own_post(case: Any, psirt: Actor) -> None:
    answer = press("send_triage", case, psirt, channels=[FIRST], message="2.0.0にしてください")
    assert answer.code is Said.SENT, answer
    sent(DAY)
    (told,) = messages(purpose="triage_message")
    assert (told.channel, told.state, told.params["broadcast"]) == (FIRST, "sent", True)
    assert told.root.purpose == "team_post"
    assert told.root.channel == FIRST
    assert "2.0.0にしてください" in str(told.payload["blocks"])


def test_a_second_press_tells_nobody_twice_and_says_so(case: Any, psirt: Actor) -> None:
    press("send_triage", case, psirt, channels=[FIRST], message="once")
    answer = press("send_triage", case, psirt, channels=[FIRST, SECOND], message="once")
    assert (answer.code, answer.params["again"]) == (Said.SENT, ["Slackチャンネル1"])
    again = press("send_triage", case, psirt, channels=[FIRST, SECOND], message="once")
    assert again.code is Said.SENT_BEFORE
    assert [each.channel for each in messages(purpose="triage_message")] == [FIRST, SECOND]
    assert press("send_triage", case, psirt, channels=[FIRST], message="something else").code is Said.SENT


def test_what_was_refused_goes_out_when_it_is_pressed_again(case: Any, psirt: Actor) -> None:
    from kairan.store.models import CaseEvent, Delivery

    press("send_triage", case, psirt, channels=[FIRST, SECOND], message="once")
    Delivery.objects.filter(purpose="triage_message", channel=FIRST).update(state="refused", error="not_in_channel")
    answer = press("send_triage", case, psirt, channels=[FIRST, SECOND], message="once")
    assert answer.code is Said.SENT
    assert answer.params == {"teams": ["Slackチャンネル1"], "again": ["Slackチャンネル2"]}
    assert press("send_triage", case, psirt, channels=[FIRST, SECOND], message="once").code is Said.SENT_BEFORE
    sent(DAY)
    assert [(each.channel, each.state) for each in messages(purpose="triage_message")] == [
        (FIRST, "sent"),
        (SECOND, "sent"),
    ]
    assert CaseEvent.objects.filter(code="triage_sent").count() == 2


def test_the_same_words_count_as_pressed_twice_for_an_hour_whatever_the_clock_shows(case: Any, psirt: Actor) -> None:
    edge = DAY.replace(minute=59, second=30)
    for minutes, code in ((0, Said.SENT), (1, Said.SENT_BEFORE), (59, Said.SENT_BEFORE), (61, Said.SENT)):
        now = edge + timedelta(minutes=minutes)
        assert press("send_triage", case, psirt, now=now, channels=[FIRST], message="once").code is code
    other = someone("other", Role.TRIAGER)
    assert press("send_triage", case, other, now=now, channels=[FIRST], message="once").code is Said.SENT_BEFORE


def test_a_ticket_that_was_refused_is_asked_for_anew(case: Any, psirt: Actor) -> None:
    from kairan.store.models import Audit, Delivery

    for _ in range(2):
        assert press("create_ticket", case, psirt).code is Said.TICKET_PREVIEWED
    made = Audit.objects.filter(action="case.create_ticket")
    assert made.count() == 1, "the second press made none"
    Delivery.objects.filter(purpose="ticket").update(state="refused", error="no project")
    assert press("create_ticket", case, psirt).code is Said.TICKET_PREVIEWED
    sent(DAY)
    (ticket,) = messages(purpose="ticket", edits=False)
    assert (ticket.state, ticket.error, made.count()) == ("sent", "", 2)


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"channels": [], "message": "x"}, {"channels": "nothing_ticked"}),
        ({"channels": [FIRST], "message": " \n"}, {"message": "no_text"}),
        ({}, {"channels": "nothing_ticked", "message": "no_text"}),
        ({"channels": ["C-of-somebody-else"], "message": "x"}, {"channels": "nothing_ticked"}),
        ({"channels": [FIRST], "message": "x" * 3_001}, {"message": "too_long"}),
    ],
)
def test_what_is_wrong_with_the_form_is_said_at_its_field(
    values: Any, wrong: dict[str, str], case: Any, psirt: Actor
) -> None:
    answer = press("send_triage", case, psirt, **values)
    assert answer.code is Said.WRONG
    assert {name: fault.code for name, fault in answer.errors.items()} == wrong
    assert messages(purpose="triage_message") == []


CODES = ["send_triage", "create_ticket", "claim", "decide", "defer", "fix", "not_affected", "ask"]


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("submitted", [False, True])
def test_who_has_no_right_does_nothing_and_leaves_a_trace(code: str, submitted: bool, case: Any) -> None:
    from kairan.store.models import Audit, Decision

    parts = list(case.parts.order_by("pk"))
    outsider = someone("outsider", Role.MEMBER)
    values = {"channels": [FIRST], "message": "x", "text": "x", "status": "deferred", "until": "fix"}
    values |= {"teams": [str(parts[0].pk)], "justification": "component_not_present"}
    if submitted:
        values["submitted"] = True  # type: ignore[assignment]
    for part in (None, parts[0].pk):
        answer = press(code, case, outsider, part, **values)
        assert answer.code is Said.FORBIDDEN, (code, part, answer)
    assert Decision.objects.count() == 0
    assert messages(purpose="triage_message") == []
    refused = Audit.objects.filter(action__endswith=".refused", person=outsider.person)
    assert refused.count() >= 2


def test_a_member_answers_for_their_own_team_only(case: Any) -> None:
    mine, other = case.parts.order_by("pk")
    member = someone("member", Role.MEMBER, mine.team)
    assert press("fix", case, member, mine.pk).code is Said.FIX_CLAIMED
    assert press("fix", case, member, other.pk).code is Said.FORBIDDEN
    mine.refresh_from_db()
    assert mine.status == "fix_claimed"


def test_a_decision_asks_for_its_form_first_and_is_then_taken(case: Any, psirt: Actor) -> None:
    asked = press("decide", case, psirt)
    assert asked.code is Said.FORM
    assert asked.form is not None
    first, second = (str(part.number) for part in asked.form.parts)
    wrong = press("decide", case, psirt, submitted=True, teams=[first], status="risk_accepted")
    assert {name: fault.code for name, fault in wrong.errors.items()} == {"reason": "no_reason", "until": "no_end"}
    said = {"submitted": True, "status": "risk_accepted", "reason": "behind the wall", "until_at": "2023-12-31"}
    answer = press("decide", case, psirt, **said, teams=[first, second])
    assert answer.code is Said.DECIDED, answer
    assert {part.status for part in case.parts.all()} == {"risk_accepted"}
    assert {f"{part.until_at:%Y-%m-%dT%H:%M}" for part in case.parts.all()} == {"2023-12-31T14:59"}
    assert press("decide", case, psirt, submitted=True, teams=[], status="deferred").errors["teams"].code == "no_team"


@pytest.mark.parametrize("said", ["31.12.2023", "2023-13-01", "x"])
def test_what_is_no_date_is_said_at_its_field(said: str, case: Any, psirt: Actor) -> None:
    part = case.parts.order_by("pk")[0].pk
    answer = press("defer", case, psirt, part, submitted=True, until="date", until_at=said)
    assert answer.errors["until_at"].code == "not_a_date"


def test_the_root_shows_what_was_decided_and_offers_what_is_left(case: Any, psirt: Actor) -> None:
    part = case.parts.order_by("pk")[0]
    said = {"submitted": True, "justification": "component_not_present"}
    assert press("not_affected", case, psirt, part.pk, **said).code is Said.DECIDED
    sent(DAY)
    (post,) = messages(purpose="team_post", part=part, edits=False)
    (edit,) = messages(root=post, edits=True)
    assert edit.state == "sent"
    assert "影響なし" in str(edit.payload)
    assert [offer.code for offer in compose(post.pk).offers] == ["ask"]


def test_claiming_from_the_psirt_post_claims_every_part(case: Any, psirt: Actor) -> None:
    assert press("claim", case, psirt).code is Said.CLAIMED
    assert {part.claimed_by_id for part in case.parts.all()} == {psirt.person}


def test_a_team_asks_psirt(case: Any) -> None:
    part = case.parts.order_by("pk")[0]
    member = someone("member", Role.MEMBER, part.team)
    assert press("ask", case, member, part.pk).code is Said.FORM
    assert press("ask", case, member, part.pk, submitted=True, text="").errors["text"].code == "no_text"
    assert press("ask", case, member, part.pk, submitted=True, text="いつまでですか").code is Said.ASKED
    sent(DAY)
    assert any("いつまでですか" in str(each.payload) for each in messages(purpose="update"))


def test_without_a_jira_the_ticket_is_drawn_in_the_preview_and_that_is_said(case: Any, psirt: Actor) -> None:
    assert press("create_ticket", case, psirt).code is Said.TICKET_PREVIEWED
    sent(DAY)
    (ticket,) = messages(purpose="ticket", edits=False)
    assert ticket.payload["blocks"][0]["text"]["text"] == "Vulnerability in XXX"
    assert "kairan.create_ticket" not in str(ticket.payload)
    assert press("create_ticket", case, psirt).code is Said.TICKET_BEFORE
    (post,) = messages(purpose="psirt_post", edits=False)
    assert [offer.code for offer in compose(post.pk).offers] == ["claim", "decide", "defer"]


@pytest.mark.parametrize("code", [*CODES, "made_up"])
def test_a_case_that_never_was_is_gone(code: str, case: Any, psirt: Actor) -> None:
    assert act(Action(code, 10**17), psirt, DAY).code is Said.GONE


def test_a_part_of_another_case_is_not_reached_through_this_one(case: Any, psirt: Actor) -> None:
    assert act(Action("claim", case.pk, 10**17), psirt, DAY).code is Said.GONE


def test_nobody_in_particular_may_not_press(case: Any) -> None:
    assert press("claim", case, Actor("somebody", None, "slack")).code is Said.FORBIDDEN
