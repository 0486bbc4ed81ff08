"""Slack's own troubles, and its digests: deliveries wait, are seen to wait, and go on where they stopped; told once."""

from typing import Any

import pytest
from django.test import Client

from kairan.interfaces import registry
from kairan.services import deliver
from kairan.services.actor import Actor
from kairan.store.models import Delivery, DestinationState, Person
from tests.slack.story import GHSA, Story, alert, article, text_of
from tests.slack.world import BOT_TOKEN, BOT_USER, Message

ADMIN = Actor("test")


@pytest.fixture
def story(stage: Story, monkeypatch: pytest.MonkeyPatch) -> Story:
    stage.configure(article(stage.cast, stage.slack))
    monkeypatch.setattr("kairan.runtime.clock.now", stage.clock)
    return stage


def other(number: int, repository: str = "repository_1") -> dict[str, Any]:
    """Another problem of the repository."""
    each = alert(repository, number=number, id=f"{repository}/{number}")
    ghsa = f"GHSA-{number:04d}-xxxx-xxxx"
    each["securityAdvisory"] |= {
        "ghsaId": ghsa,
        "identifiers": [{"type": "GHSA", "value": ghsa}],
        "summary": f"No. {number}",
    }
    return each


def minutes(story: Story, number: int) -> None:
    """The worker looks each minute."""
    for _ in range(number):
        story.pass_(minutes=1)
        story.work()


def told(story: Story) -> list[str]:
    """Everything that was posted, by its marker: as Slack has it."""
    return [
        each.metadata["event_payload"]["marker"]
        for channel in story.world.channels.values()
        for each in channel.messages.values()
        if each.metadata
    ]


def titles(messages: list[Message]) -> list[str]:
    return [each.blocks[0]["text"]["text"] for each in messages if not each.thread_ts]


def page() -> str:
    """What an administrator sees of destinations and of what they refused."""
    first = {"role": "administrator", "created_at": "2026-01-01T00:00Z"}
    Person.objects.get_or_create(username="root", defaults=first)
    client = Client()
    client.force_login(Person.objects.get(username="root"))
    answers = [client.get("/destinations/"), client.get("/deliveries/?state=refused")]
    assert {each.status_code for each in answers} == {200}
    return "".join(each.content.decode() for each in answers)


def test_a_workspace_that_is_down_for_an_hour_loses_nothing_and_hears_all_of_it_once(story: Story) -> None:
    story.read(other(1))
    assert len(story.posts(story.cast.security)) == 1
    story.world.is_down = True
    for number in range(2, 6):
        story.read(*(other(each) for each in range(1, number + 1)))
        minutes(story, 15)
    assert titles(story.posts(story.cast.security)) == ["Dependabot alert: No. 1"]
    waiting = Delivery.objects.filter(state__in=("pending", "uncertain"))  # a 503 may hide that it was done
    assert waiting.filter(purpose="psirt_post").count() == 4
    assert not Delivery.objects.filter(state__in=("refused", "sending", "cancelled")).exists()
    state = DestinationState.objects.get(name="slack")
    assert state.failures
    assert state.failing_since
    assert not state.broken, "it passes by itself"
    assert "503" in page()
    story.world.is_down = False
    minutes(story, 75)  # the pauses between two tries grew to an hour at most
    expected = [f"Dependabot alert: No. {number}" for number in range(1, 6)]
    for channel in (story.cast.security, story.cast.team_1):
        assert sorted(titles(story.posts(channel))) == expected, "of what is uncertain, another case may overtake it"
    assert not Delivery.objects.exclude(state="sent").exists()
    assert len(told(story)) == len(set(told(story)))
    assert DestinationState.objects.get(name="slack").failures == 0


def test_a_revoked_token_stops_the_destination_until_somebody_mends_and_tests_it(story: Story) -> None:
    story.world.tokens[BOT_TOKEN] = "token_revoked"
    story.read(alert("repository_1"))
    minutes(story, 30)
    assert "token_revoked" in DestinationState.objects.get(name="slack").broken
    assert len(story.world.called("chat.postMessage")) + len(story.world.called("users.conversations")) < 5, (
        "left in peace"
    )
    assert Delivery.objects.filter(state="pending", purpose="psirt_post").exists()
    assert "token_revoked" in page()
    story.world.tokens[BOT_TOKEN] = ""
    deliver.test("slack", ADMIN, story.now)
    story.work()
    minutes(story, 2)
    assert DestinationState.objects.get(name="slack").broken == ""
    assert not Delivery.objects.filter(state="pending").exists()
    assert len(story.posts(story.cast.team_1)) == 1


@pytest.mark.parametrize(
    ("harm", "mend", "error"),
    [
        ({"archived": True}, {"archived": False}, "is_archived"),
        ({"deleted": True}, {"deleted": False}, "channel_not_found"),
        ({"restricted": "restricted_action"}, {"restricted": ""}, "restricted_action"),
        ({"members": frozenset()}, {"members": {BOT_USER}}, "not_in_channel"),
    ],
)
def test_one_channels_trouble_is_said_and_can_be_sent_again_while_others_go_on(
    story: Story, harm: dict[str, Any], mend: dict[str, Any], error: str
) -> None:
    team = story.cast.team_1
    for name, value in harm.items():
        setattr(team, name, value)
    story.read(alert("repository_1"), alert("repository_2"))
    minutes(story, 20)
    refused = Delivery.objects.get(purpose="team_post", channel=team.id)
    assert refused.state == "refused"
    assert error in refused.error
    assert error in page()
    assert len(story.posts(story.cast.team_2)) == 1
    assert story.form(), "PSIRT has its form all the same"
    assert DestinationState.objects.get(name="slack").broken == ""
    for name, value in mend.items():
        setattr(team, name, value)
    registry.destinations()["slack"]._channels.clear()  # type: ignore[attr-defined]
    deliver.replay("slack", ADMIN, story.now)
    minutes(story, 2)
    assert len(story.posts(team)) == 1
    assert f"archives/{team.id}/" in text_of(story.form()), "the form links the post that came late"


def test_a_renamed_channel_is_told_like_before(story: Story) -> None:
    story.cast.team_1.name = "team_one"
    story.read(alert("repository_1"))
    assert len(story.posts(story.cast.team_1)) == 1


def gathered(story: Story, cron: str) -> None:
    tells = [{"to": "slack", "audience": "psirt", "digest": cron}, {"to": "slack", "digest": cron}]
    rule = {"name": "all", "when": "source:github_dependabot", "tell": tells}
    story.configure(article(story.cast, story.slack, rules=[rule]))


@pytest.mark.parametrize(("cron", "days"), [("0 9 * * *", 1), ("0 9 * * 1", 7)])
def test_digests_come_at_their_time_once_with_the_worst_first(story: Story, cron: str, days: int) -> None:
    """It is Monday, half past nine in Tokyo: a daily digest comes tomorrow, a weekly one next Monday."""
    gathered(story, cron)
    mild = other(2)
    for name in ("securityAdvisory", "securityVulnerability"):
        mild[name] = mild[name] | {"severity": "MODERATE"}
    story.read(mild, alert("repository_1"), alert("repository_2"))
    story.pass_(days=days, hours=-1)
    story.work()
    assert not told(story)
    story.pass_(hours=1)
    story.work()
    psirt, team_1 = story.post(story.cast.security), story.post(story.cast.team_1)
    assert "対応が必要なケース: 2件" in text_of(psirt)
    lines = psirt.blocks[1]["text"]["text"].split("\n")
    assert "CRITICAL" in lines[0]
    assert "MEDIUM" in lines[1]
    assert "対応が必要なケース: 2件" in text_of(team_1)
    assert "対応が必要なケース: 1件" in text_of(story.post(story.cast.team_2)), "each team's own"
    story.pass_(days=days)
    story.work()
    assert len(told(story)) == 3, "nothing new, nothing told"
    story.read(mild, alert("repository_1"), alert("repository_2"), other(3))
    story.pass_(days=days)
    story.work()
    assert len(story.posts(story.cast.security)) == 2
    assert "No. 3" in text_of(story.posts(story.cast.security)[1])
    assert GHSA not in text_of(story.posts(story.cast.security)[1]), "what was told is not told again"
