"""Slack says things again that it believes were not heard: each is done once."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from kairan.destinations.slack.carrier import SlackCarrier
from kairan.interfaces.destination import DeliveryError
from kairan.services import clickers, hearing
from kairan.store.models import Decision, Heard
from tests.slack.story import Story, alert, article, listening
from tests.slack.test_story import ticked, wait_for


@pytest.fixture
def story(stage: Story, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    stage.configure(article(stage.cast, stage.slack))
    monkeypatch.setattr("kairan.runtime.clock.now", stage.clock)
    stage.read(alert("repository_1"), alert("repository_2"))
    with listening(stage.slack):
        yield stage


def test_a_press_that_is_told_again_after_it_was_done_is_not_done_again(story: Story) -> None:
    cast = story.cast
    boxes = ticked(story, cast.team_1.id)
    payload = story.people.pressed(cast.psirt, cast.security, story.form(), "kairan.send_triage", boxes)
    assert story.people.tell("interactive", payload).acked
    assert story.run_presses() == 1
    story.pass_(hours=2)  # the same words would be sent again by now
    assert story.people.tell("interactive", payload).acked
    assert story.run_presses() == 0
    story.work()
    assert len(story.thread(cast.team_1)) == 1
    assert len(story.world.seen_by(cast.psirt.id)) == 1


def test_a_form_that_is_told_again_is_answered_as_before(story: Story) -> None:
    cast, people = story.cast, story.people
    people.press(cast.psirt, cast.security, story.post(cast.security), "kairan.defer")
    (view,) = wait_for(lambda: people.views_of(cast.psirt))
    teams = next(block for block in view.body["blocks"] if block.get("block_id") == "kairan.field.teams")
    everyone = [each["value"] for each in teams["element"]["options"]]
    given = {"kairan.field.teams": everyone, "kairan.field.until": "date", "kairan.field.reason": "next sprint"}
    wrong = people.submitted(cast.psirt, view, given)
    first, second = people.tell("interactive", wrong), people.tell("interactive", wrong)
    assert list(first.answer["errors"]) == ["kairan.field.until_at"]
    assert second.answer == first.answer
    right = people.submitted(cast.psirt, view, given | {"kairan.field.until_at": "2027-01-31"})
    assert people.tell("interactive", right).answer == people.tell("interactive", right).answer == {}
    story.work()
    assert Decision.objects.count() == 2, "one for each team"


def deferral(story: Story, **given: Any) -> dict[str, Any]:
    """The form of a deferral of every team's part, filled in."""
    cast, people = story.cast, story.people
    people.press(cast.psirt, cast.security, story.post(cast.security), "kairan.defer")
    (view,) = wait_for(lambda: people.views_of(cast.psirt))
    teams = next(block for block in view.body["blocks"] if block.get("block_id") == "kairan.field.teams")
    everyone = [each["value"] for each in teams["element"]["options"]]
    fields = {"teams": everyone, "until": "date", "reason": "next sprint", **given}
    return people.submitted(cast.psirt, view, {f"kairan.field.{name}": value for name, value in fields.items()})


def slow(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack takes longer to say who it is than it waits for us."""
    clickers.forget()
    monkeypatch.setattr("kairan.services.hearing._PATIENCE", 0.2)
    someone = SlackCarrier.someone
    monkeypatch.setattr(SlackCarrier, "someone", lambda self, who: time.sleep(0.6) or someone(self, who))


def test_what_is_wrong_with_a_form_that_took_too_long_is_told(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    payload = deferral(story)
    slow(story, monkeypatch)
    done = story.people.tell("interactive", payload)
    assert (done.acked, done.answer) == (True, {})
    wait_for(lambda: story.world.seen_by(story.cast.psirt.id))
    story.work()
    (note,) = story.world.seen_by(story.cast.psirt.id)
    assert "期日" in note.text
    assert Decision.objects.count() == 0


def test_a_form_that_took_too_long_is_done_once(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    payload = deferral(story, until_at="2027-01-31")
    slow(story, monkeypatch)
    assert story.people.tell("interactive", payload).acked
    story.work()
    wait_for(lambda: story.world.seen_by(story.cast.psirt.id))
    time.sleep(0.7)
    assert Decision.objects.count() == 2, "one for each team"
    assert len(story.world.seen_by(story.cast.psirt.id)) == 1


def test_a_form_outlives_the_one_who_heard_it(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """Acknowledged late, and the process dies before it was done."""
    payload = deferral(story, until_at="2027-01-31")
    monkeypatch.setattr("kairan.services.hearing._PATIENCE", 0.2)
    monkeypatch.setattr("kairan.services.hearing._pool.submit", lambda *_given: None)
    assert story.people.tell("interactive", payload).acked
    assert Decision.objects.count() == 0
    story.work()
    assert Decision.objects.count() == 2
    assert len(story.world.seen_by(story.cast.psirt.id)) == 1


def test_a_form_that_fails_at_once_is_not_acknowledged_and_may_be_sent_again(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    payload = deferral(story, until_at="2027-01-31")
    clickers.forget()
    monkeypatch.setattr("tests.slack.socket_mode.ACK_SECONDS", 0.5)
    story.slack.faults.add("users.info", code="ratelimited", retry_after=1)
    assert not story.people.tell("interactive", payload).acked
    assert story.people.tell("interactive", payload).acked
    assert Decision.objects.count() == 2


def test_who_pressed_is_told_when_the_last_attempt_failed(story: Story) -> None:
    cast = story.cast
    story.people.press(cast.psirt, cast.security, story.post(cast.security), "kairan.claim")
    (job,) = ProcrastinateJob.objects.filter(task_name=hearing.HEAR)
    clickers.forget()
    for is_last in (False, True):
        story.slack.faults.add("users.info", code="ratelimited", retry_after=1)
        with pytest.raises(DeliveryError):
            hearing.do("slack", job.args["action"], story.clock, is_last=is_last)
        assert len(story.world.seen_by(cast.psirt.id)) == is_last
    assert "実行できませんでした" in story.world.seen_by(cast.psirt.id)[0].text


def test_a_press_whose_worker_died_after_it_was_done_is_not_done_again(story: Story) -> None:
    from kairan.store.models import CaseEvent

    cast = story.cast
    story.people.press(cast.psirt, cast.security, story.post(cast.security), "kairan.claim")
    (job,) = ProcrastinateJob.objects.filter(task_name=hearing.HEAR)
    for _ in range(2):
        hearing.do("slack", job.args["action"], story.clock)
    assert CaseEvent.objects.filter(code="claimed").count() == 2, "one for each team"
    assert len(story.world.seen_by(cast.psirt.id)) == 1, "who pressed was told already"


def test_what_was_heard_is_forgotten_after_some_days(story: Story) -> None:
    from kairan.runtime.object_store import Archive
    from kairan.services.prune import prune

    cast = story.cast
    story.people.press(cast.psirt, cast.security, story.post(cast.security), "kairan.claim")
    assert Heard.objects.count() == 1
    prune(Archive.configured(), story.now)
    assert Heard.objects.count() == 1
    story.pass_(days=3)
    assert prune(Archive.configured(), story.now)["heard"] == 1
