"""The message shortcut "open a case from this": ids of a message, who is affected, and a case of what is chosen."""

from collections.abc import Iterator

import pytest

from tests.slack.story import GHSA, Story, alert, article, listening, text_of
from tests.slack.test_story import wait_for
from tests.slack.world import Message, View

SHORTCUT = "kairan.open_case"


@pytest.fixture
def story(stage: Story, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    """An alert that no rule opens a case for: its severity is medium."""
    stage.configure(article(stage.cast, stage.slack))
    monkeypatch.setattr("kairan.runtime.clock.now", stage.clock)
    with listening(stage.slack):
        yield stage


def medium(repository: str) -> dict[str, object]:
    each = alert(repository)
    for name in ("securityAdvisory", "securityVulnerability"):
        each[name] = each[name] | {"severity": "MODERATE"}
    return each


def talk(story: Story, text: str) -> Message:
    return story.world.add_message(story.cast.security, Message(story.world.ts(), text, [], story.cast.psirt.id))


def form(story: Story, message: Message) -> View:
    cast = story.cast
    assert story.people.shortcut(cast.psirt, cast.security, message, SHORTCUT).acked
    (view,) = wait_for(lambda: story.people.views_of(cast.psirt))
    return view


def cases() -> list[object]:
    from kairan.store.models import Case

    return list(Case.objects.all())


def test_a_case_is_opened_from_a_message_and_told_like_others(story: Story) -> None:
    from kairan.store.models import Audit, Case, Raised

    story.read(medium("repository_1"), medium("repository_2"))
    assert not cases(), "no rule opens one"
    message = talk(story, f"Have you seen {GHSA.lower()}? <https://example.com/CVE-2026-99999|CVE-2026-99999>")
    view = form(story, message)
    boxes = view.body["blocks"][0]["element"]
    assert [each["value"] for each in boxes["options"]] == [GHSA.upper(), "CVE-2026-99999"]
    assert [each["value"] for each in boxes["initial_options"]] == [GHSA.upper()], "somebody has it"
    said = str(view.body["blocks"])
    assert "team_1_channel" in said
    assert "記録がありません" in said
    assert story.people.submit(story.cast.psirt, view).answer == {}
    story.work()
    case = Case.objects.get()
    assert (case.rule, case.parts.count()) == ("by-hand", 2)
    posts = [each for each in story.posts(story.cast.security) if "XXX" in text_of(each)]
    assert posts, "the PSIRT's channel is told as the first rule tells"
    assert any("XXX" in text_of(each) for each in story.posts(story.cast.team_1))
    kept = Raised.objects.get()
    assert kept.url.endswith(f"/p{message.ts.replace('.', '')}")
    assert kept.place == "#siem_alert_notification"
    assert Audit.objects.get(action="case.raise").after["opening"] == [GHSA.upper()]
    assert "ケースを開いています" in story.world.seen_by(story.cast.psirt.id)[-1].text


def test_what_is_found_of_it_later_joins_the_case(story: Story) -> None:
    story.read(medium("repository_1"))
    story.people.submit(story.cast.psirt, form(story, talk(story, GHSA)))
    story.work()
    story.pass_(days=1)
    story.read(medium("repository_1"), medium("repository_2"))
    assert story.case().parts.count() == 2


def test_the_message_is_kept_with_the_case_that_is_there(story: Story) -> None:
    story.read(alert("repository_1"))
    view = form(story, talk(story, f"again {GHSA}"))
    story.people.submit(story.cast.psirt, view)
    story.work()
    assert story.case().rule == "dependabot"
    assert f"C-{story.case().pk}" in story.world.seen_by(story.cast.psirt.id)[-1].text
    from kairan.store.connection import raw_cursor
    from kairan.store.queries import raised

    assert [each.place for each in raised.discussions(raw_cursor(), story.case().vulnerability_id)] == [
        "#siem_alert_notification"
    ]


def test_ids_can_be_typed_and_what_nobody_heard_of_is_said_at_the_field(story: Story) -> None:
    story.read(medium("repository_1"))
    view = form(story, talk(story, "what about this one?"))
    done = story.people.submit(story.cast.psirt, view, {"kairan.field.other": "CVE-1999-0001"})
    assert list(done.answer["errors"]) == ["kairan.field.other"]
    assert story.people.submit(story.cast.psirt, view, {"kairan.field.other": GHSA}).answer == {}
    story.work()
    assert story.case().rule == "by-hand"


def test_who_may_not_decide_gets_no_form_and_leaves_a_trace(story: Story) -> None:
    from kairan.store.models import Audit

    story.read(medium("repository_1"))
    cast = story.cast
    message = talk(story, GHSA)
    for somebody in (cast.dev, cast.stranger):
        assert story.people.shortcut(somebody, cast.security, message, SHORTCUT).acked
        assert wait_for(lambda who=somebody: story.world.seen_by(who.id))
        assert not story.people.views_of(somebody)
    assert Audit.objects.filter(action="case.raise.refused").count() == 2


def test_twice_from_the_same_message_is_once(story: Story) -> None:
    from kairan.store.models import Raised

    story.read(medium("repository_1"))
    message = talk(story, GHSA)
    for _ in range(2):
        story.people.submit(story.cast.psirt, form(story, message))
        story.work()
    assert Raised.objects.count() == len(cases()) == 1


def test_a_message_of_a_channel_that_kairan_is_not_in_has_no_link(story: Story) -> None:
    from kairan.store.models import Raised

    story.read(medium("repository_1"))
    cast = story.cast
    secret = story.world.channel("incident", cast.psirt, bot=False, private=True)
    message = story.world.add_message(secret, Message(story.world.ts(), GHSA, [], cast.psirt.id))
    assert story.people.shortcut(cast.psirt, secret, message, SHORTCUT).acked
    (view,) = wait_for(lambda: story.people.views_of(cast.psirt))
    assert story.people.submit(cast.psirt, view).answer == {}
    assert Raised.objects.get().url == ""
    story.work()
    assert "ケースを開いています" in wait_for(lambda: story.world.seen_by(cast.psirt.id))[-1].text, "told all the same"


def test_who_fills_a_form_in_slowly_is_told_in_the_channel(story: Story) -> None:
    """The address that came with the shortcut is good for half an hour."""
    story.read(medium("repository_1"))
    view = form(story, talk(story, GHSA))
    for reply in story.world.replies.values():
        reply.left = 0
    assert story.people.submit(story.cast.psirt, view).answer == {}
    story.work()
    assert "ケースを開いています" in wait_for(lambda: story.world.seen_by(story.cast.psirt.id))[-1].text
    assert [each.args["user"] for each in story.world.called("chat.postEphemeral")] == [story.cast.psirt.id]
