"""The app's Home: the open cases of my teams, with buttons, published by the real Bolt app to the local Slack."""

from collections.abc import Iterator
from typing import Any

import pytest

from kairan.services import clickers
from tests.slack.story import Story, alert, article, listening
from tests.slack.test_story import wait_for
from tests.slack.world import User, View


@pytest.fixture
def story(stage: Story, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    stage.configure(article(stage.cast, stage.slack, address="https://kairan.example.com"))
    monkeypatch.setattr("kairan.runtime.clock.now", stage.clock)
    with listening(stage.slack):
        yield stage


def alerts(count: int) -> list[dict[str, Any]]:
    """So many cases of both teams."""
    made = []
    for number in range(count):
        ghsa = f"GHSA-{number:04d}-xxxx-xxxx"
        for repository in ("repository_1", "repository_2"):
            each = alert(repository, number=number + 1, id=f"{repository}/{number + 1}")
            advisory = each["securityAdvisory"]
            each["securityAdvisory"] = advisory | {
                "ghsaId": ghsa,
                "identifiers": [{"type": "GHSA", "value": ghsa}],
                "summary": f"Problem {number} <!channel> *bold*",
                "severity": "CRITICAL" if number % 2 else "HIGH",
            }
            each["securityVulnerability"] = each["securityVulnerability"] | {
                "severity": each["securityAdvisory"]["severity"]
            }
            made.append(each)
    return made


def opened(story: Story, user: User) -> View:
    assert story.people.open_home(user).acked
    assert story.run_presses() == 1
    return story.people.home_of(user)


def said(view: View) -> str:
    """All that is written on it."""
    texts = []
    for block in view.body["blocks"]:
        texts += [block["text"]["text"]] if "text" in block else []
        texts += [each["text"] for each in block.get("elements", []) if isinstance(each.get("text"), str)]
    return "\n".join(texts)


def buttons(view: View) -> list[str]:
    return [
        each["action_id"] for block in view.body["blocks"] if block["type"] == "actions" for each in block["elements"]
    ]


def test_who_is_in_a_teams_channel_sees_its_open_cases_and_can_act(story: Story) -> None:
    story.read(alert("repository_1"), alert("repository_2"))
    dev = story.cast.dev
    view = opened(story, dev)
    assert "Vulnerability in XXX" in said(view)
    assert "team_1_channel, team_2_channel" in said(view)
    assert said(view).count("CRITICAL") == 2
    assert buttons(view) == ["kairan.claim", "kairan.decide", "kairan.open"] * 2
    part = story.case().parts.order_by("pk").first()
    claim = f"{story.case().pk}.{part.pk}"
    assert story.people.press_in_view(dev, view, "kairan.claim", claim).acked
    story.work()
    part.refresh_from_db()
    assert part.status == "triaging"
    after = story.people.home_of(dev)
    assert "担当になりました" in said(after), "what came of it stands on the page"
    assert buttons(after).count("kairan.claim") == 1
    assert "調査中" in said(after)


def test_a_decision_can_be_made_from_home(story: Story) -> None:
    story.read(alert("repository_1"))
    dev = story.cast.dev
    view = opened(story, dev)
    assert story.people.press_in_view(dev, view, "kairan.decide").acked
    (modal,) = wait_for(lambda: story.people.views_of(dev))
    given = {"kairan.field.status": "not_affected", "kairan.field.justification": "component_not_present"}
    assert story.people.submit(dev, modal, given).answer == {}
    (after,) = wait_for(lambda: [home for home in [story.people.home_of(dev)] if "判断を記録しました" in said(home)])
    assert "未完了のケースはありません" in said(after)


def test_a_triager_without_a_team_sees_everybodys_the_worst_first_and_what_does_not_fit_is_said(story: Story) -> None:
    story.configure(article(story.cast, story.slack, address="https://kairan.example.com", baseline={"slice": 100}))
    story.read(*alerts(40))
    story.cast.team_1.members.discard(story.cast.psirt.id)
    view = opened(story, story.cast.psirt)
    assert len(view.body["blocks"]) <= 100
    text = said(view)
    assert "全チームの未完了ケース" in text
    assert "未完了80件" in text
    assert text.count("CRITICAL") == 40, "the worst come first"
    assert text.count("HIGH") == 5
    assert "ほか35件" in text
    assert "<https://kairan.example.com/cases/|" in text
    assert "<!channel>" not in text


def test_whoever_is_nobody_here_is_told_how_to_get_known(story: Story) -> None:
    somebody = story.world.user("mallory")
    view = opened(story, somebody)
    assert "mallory@example.com" in said(view)
    assert not buttons(view)


def test_people_of_other_companies_are_shown_nothing(story: Story) -> None:
    """Slack has no home of ours for them; should it ask for one, it gets none of ours."""
    story.read(alert("repository_1"))
    from kairan.services import home
    from kairan.services.carriers import carriers
    from kairan.services.configuration import active

    with carriers(active(), story.clock) as known:
        talk: Any = known.carrier("slack")
        who = clickers.clicker(talk, active(), known.configured["slack"], story.cast.stranger.id, "", story.now)
    found = home.home_of(who, story.now)
    assert (found.standing, found.parts, found.teams) == ("outsider", (), ())


def test_a_viewer_may_look_and_has_no_buttons_but_the_way_to_the_case(story: Story) -> None:
    from kairan.store.models import Person, Team, TeamMember

    story.read(alert("repository_1"))
    story.configure(article(story.cast, story.slack, address="https://kairan.example.com", psirt=["x@example.com"]))
    user = story.world.user("vera")
    person = Person.objects.create(username="vera", email=user.email, role="viewer", created_at=story.now)
    TeamMember.objects.create(person=person, team=Team.objects.order_by("pk")[0])
    assert set(buttons(opened(story, user))) <= {"kairan.open"}


def test_the_page_speaks_the_persons_language(story: Story) -> None:
    story.read(alert("repository_1"))
    story.cast.dev.locale = "en-US"
    assert "Open cases of my teams" in said(opened(story, story.cast.dev))


def test_a_page_that_was_drawn_anew_meanwhile_is_drawn_once_more(story: Story) -> None:
    story.read(alert("repository_1"))
    dev = story.cast.dev
    opened(story, dev)
    assert story.people.open_home(dev).acked
    assert story.people.open_home(dev).acked  # both saw the same page
    assert story.run_presses() == 2
    conflicts = [each for each in story.world.called("views.publish") if each.answer.get("error") == "hash_conflict"]
    assert len(conflicts) == 1
    assert "Vulnerability in XXX" in said(story.people.home_of(dev))


def test_the_messages_tab_is_none_of_ours(story: Story) -> None:
    event = {"type": "app_home_opened", "user": story.cast.dev.id, "channel": "D1", "tab": "messages"}
    assert story.people.event(event).acked
    assert story.run_presses() == 0
