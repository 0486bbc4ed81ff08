"""Slack says things again that it believes were not heard: each is done once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kairan.interfaces import registry
from kairan.services import clickers
from kairan.store.models import Heard
from tests.slack.conftest import Cast
from tests.slack.server import Server
from tests.slack.story import Story, alert, article, listening, secrets_in
from tests.slack.test_story import ticked, wait_for


@pytest.fixture
def story(store: None, slack: Server, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    clickers.forget()
    registry.destinations()["slack"]._channels.clear()  # type: ignore[attr-defined]
    slack.limits.scale = 0
    with secrets_in(monkeypatch):
        story = Story(slack, cast, tmp_path)
        story.configure(article(cast, slack))
        monkeypatch.setattr("kairan.runtime.clock.now", story.clock)
        story.read(alert("repository_1"), alert("repository_2"))
        with listening(slack):
            yield story


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
    from kairan.store.models import Decision

    assert Decision.objects.count() == 2, "one for each team"


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
