"""Slack calls Kairan: only what is signed, fresh and whole is heard."""

import json
import time
from typing import Any

import pytest
from django.test import Client

from tests.slack.people import form, signed
from tests.slack.story import Story, alert, article

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def story(stage: Story) -> Story:
    stage.configure(article(stage.cast, stage.slack, settings={"app_token": "", "signing_secret": "env:SIGN"}))
    stage.read(alert("repository_1"))
    return stage


def _post(body: bytes, headers: dict[str, str], content_type: str = FORM) -> Any:
    return Client(enforce_csrf_checks=True).post("/slack/", body, content_type=content_type, headers=headers)


def _pressed(story: Story, action: str = "kairan.claim") -> bytes:
    cast = story.cast
    return form(story.people.pressed(cast.psirt, cast.security, story.post(cast.security), action))


def _claimed(story: Story) -> bool:
    story.work()
    return bool(story.case().parts.exclude(claimed_at=None).count())


def test_a_signed_press_is_heard(story: Story) -> None:
    body = _pressed(story)
    answer = _post(body, signed(body))
    assert (answer.status_code, answer.content) == (200, b"")
    assert _claimed(story)
    assert story.world.seen_by(story.cast.psirt.id)


@pytest.mark.parametrize("how", ["other secret", "old", "from tomorrow", "changed", "none", "no stamp", "garbage"])
def test_what_is_not_signed_now_by_slack_is_not(story: Story, how: str) -> None:
    body = _pressed(story)
    headers = {
        "other secret": signed(body, secret="another"),
        "old": signed(body, at=time.time() - 301),
        "from tomorrow": signed(body, at=time.time() + 301),
        "changed": signed(body + b"&x=1"),
        "none": {},
        "no stamp": {"X-Slack-Signature": signed(body)["X-Slack-Signature"]},
        "garbage": {"X-Slack-Signature": "v0=é", "X-Slack-Request-Timestamp": "soon"},
    }[how]
    assert _post(body, headers).status_code == 400
    assert not _claimed(story)


def test_the_same_press_twice_is_done_once(story: Story) -> None:
    body = _pressed(story)
    for _ in range(2):
        assert _post(body, signed(body)).status_code == 200
    assert story.run_presses() == 1


def test_a_signed_form_that_somebody_plays_back_is_done_once(story: Story) -> None:
    from kairan.store.models import CaseEvent

    cast = story.cast
    body = form(story.people.pressed(cast.dev, cast.team_1, story.post(cast.team_1), "kairan.ask"))
    assert _post(body, signed(body)).status_code == 200
    for _ in range(200):
        if views := story.people.views_of(cast.dev):
            break
        time.sleep(0.02)
    sent = form(story.people.submitted(cast.dev, views[0], {"kairan.field.text": "until when?"}))
    headers = signed(sent)
    for _ in range(3):
        assert _post(sent, headers).status_code == 200
        story.work()
    assert CaseEvent.objects.filter(code="asked").count() == 1
    for _ in range(2):  # nor is the form opened once more
        assert _post(body, signed(body)).status_code == 200
    time.sleep(0.2)
    assert len(story.world.called("views.open")) == 1


def test_slacks_question_for_the_address_is_answered(story: Story) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "c0ffee", "token": "x"}).encode()
    answer = _post(body, signed(body), "application/json")
    assert (answer.status_code, answer.json()) == (200, {"challenge": "c0ffee"})


def test_errors_of_a_form_are_in_the_answer(story: Story) -> None:
    cast = story.cast
    body = _pressed(story, "kairan.defer")
    assert _post(body, signed(body)).status_code == 200
    for _ in range(200):
        if views := story.people.views_of(cast.psirt):
            break
        time.sleep(0.02)
    payload = story.people.submitted(cast.psirt, views[0], {"kairan.field.until": "date", "kairan.field.reason": "x"})
    answer = _post(form(payload), signed(form(payload)))
    assert answer.json()["response_action"] == "errors"
    assert "kairan.field.until_at" in answer.json()["errors"]


def test_a_body_that_is_too_long_is_not_read(story: Story) -> None:
    body = b"payload=" + b"x" * (1 << 20)
    assert _post(body, signed(body)).status_code == 413


def test_without_a_signing_secret_nobody_is_heard(story: Story) -> None:
    story.configure(article(story.cast, story.slack))
    body = _pressed(story)
    assert _post(body, signed(body)).status_code == 400
