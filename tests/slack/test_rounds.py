"""Posts of new cases wait for a round: by Kairan's clock, or by a scheduled Slack Workflow's post (mission D5)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from kairan.store.models import Audit, Delivery, Heard
from tests.slack.story import Story, alert, article, listening
from tests.slack.world import Channel

WORKFLOW = "B0WORKFLOW"


@pytest.fixture
def story(stage: Story, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    monkeypatch.setattr("kairan.runtime.clock.now", stage.clock)
    start(stage, {"post": {"by": WORKFLOW, "text": "Dependabot"}})
    with listening(stage.slack):
        yield stage


def start(story: Story, said: dict[str, Any]) -> None:
    import json

    text = article(story.cast, story.slack)
    story.configure(text.replace('"kind": "slack"', f'"kind": "slack", "start": {json.dumps(said)}'))


def post(
    story: Story, channel: Channel, by: str = WORKFLOW, text: str = "Dependabot alerts, please", **more: Any
) -> dict[str, Any]:
    """A scheduled Workflow posts; the app is told. https://docs.slack.dev/reference/events/message/bot_message"""
    message = {
        "type": "message",
        "subtype": "bot_message",
        "text": text,
        "bot_id": by,
        "ts": story.world.ts(),
        "channel": channel.id,
        "channel_type": "channel",
    } | more
    done = story.people.event(message | {"event_ts": message["ts"]})
    assert done.acked
    story.work()
    return done.payload


def posts(story: Story) -> int:
    return sum(len(story.posts(each)) for each in (story.cast.security, story.cast.team_1, story.cast.team_2))


def test_new_cases_wait_until_the_workflow_posts_in_the_security_channel(story: Story) -> None:
    story.read(alert("repository_1"), alert("repository_2"))
    assert not posts(story)
    assert Delivery.objects.get(purpose="psirt_post").state == "pending"
    story.pass_(hours=8)
    post(story, story.cast.security)
    assert posts(story) == 3
    assert story.form(), "the triage form hangs below, with the teams' posts"
    assert Audit.objects.get(action="round.start").after["posts"] == 4, "three posts and the form"


@pytest.mark.parametrize("wrong", ["channel", "author", "text", "thread", "edit", "person"])
def test_any_other_post_starts_nothing_and_nothing_is_kept_of_it(story: Story, wrong: str) -> None:
    story.read(alert("repository_1"))
    channel = story.cast.team_1 if wrong == "channel" else story.cast.security
    more: dict[str, Any] = {
        "author": {"by": "B0SOMEBODY"},
        "text": {"text": "lunch?"},
        "thread": {"thread_ts": "1.000001"},
        "edit": {"subtype": "message_changed"},
        "person": {"by": "", "user": story.cast.psirt.id, "subtype": ""},
    }.get(wrong, {})
    post(story, channel, **more)
    assert not posts(story)
    assert not Heard.objects.count()


def test_a_round_that_is_told_again_starts_once(story: Story) -> None:
    payload = post(story, story.cast.security)
    for _ in range(3):
        assert story.people.tell("events_api", payload).acked
        story.work()
    assert Audit.objects.filter(action="round.start").count() == 1


def test_should_the_post_never_come_they_are_told_at_last(story: Story) -> None:
    story.read(alert("repository_1"))
    story.pass_(hours=25)
    story.work()
    assert not posts(story)
    story.pass_(hours=2)
    story.work()
    assert posts(story) == 2


def test_rounds_by_the_clock_are_in_kairans_zone(story: Story) -> None:
    start(story, {"at": "0 9 * * *"})
    story.read(alert("repository_1"))
    assert Delivery.objects.get(purpose="psirt_post").not_before == datetime(2026, 11, 17, 0, 0, tzinfo=UTC)
    story.pass_(days=1)
    story.work()
    assert posts(story) == 2


def test_what_happens_to_a_told_case_does_not_wait(story: Story) -> None:
    story.read(alert("repository_1"))
    post(story, story.cast.security)
    story.people.press(story.cast.dev, story.cast.team_1, story.post(story.cast.team_1), "kairan.fix")
    story.work()
    assert story.post(story.cast.security).edited


def test_a_start_that_says_nothing_is_a_mistake(story: Story) -> None:
    with pytest.raises(AssertionError, match="say when rounds start"):
        start(story, {"at_latest": "1d"})
    with pytest.raises(AssertionError, match="by"):
        start(story, {"post": {"by": "#general"}})
