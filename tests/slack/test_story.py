"""The article's story from end to end (mission D5 to D7): alert in, posts out, form pressed, replies broadcast,
decision in a modal, root edited, closing. The real Bolt app over Socket Mode; every call checked by the contracts."""

import time
from collections.abc import Callable, Iterator

import pytest

from tests.slack.people import NotThere
from tests.slack.story import GHSA, SUMMARY, Story, actions_of, alert, article, listening, text_of
from tests.slack.world import View


@pytest.fixture
def quiet(stage: Story) -> Story:
    """The article's file in force; nobody listens to Slack."""
    stage.configure(article(stage.cast, stage.slack))
    return stage


@pytest.fixture
def story(quiet: Story) -> Iterator[Story]:
    """The alert was read and told, and Kairan listens."""
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr("kairan.runtime.clock.now", quiet.clock)
    quiet.read(alert("repository_1"), alert("repository_2"))
    with listening(quiet.slack):
        yield quiet
    monkeypatch.undo()


def test_an_alert_is_told_to_psirt_and_to_both_teams(story: Story) -> None:
    psirt, team_1 = story.post(story.cast.security), story.post(story.cast.team_1)
    for post in (psirt, team_1, story.post(story.cast.team_2)):
        said = text_of(post)
        assert f"Dependabot alert: {SUMMARY}" in said
        assert "repository_1" in said
        assert "repository_2" in said
        assert "severity: CRITICAL" in said
        assert f"https://github.com/advisories/{GHSA}|" in said
        assert "|SIEM Discover>" in said
        assert "(filtered by ghsaId)" in said
    assert "kairan.create_ticket" in actions_of(psirt)
    assert "kairan.create_ticket" not in actions_of(team_1)
    assert not story.thread(story.cast.team_1), "the form hangs below PSIRT's post only"


def test_links_lead_to_kairans_address_and_nowhere_until_it_is_known(quiet: Story) -> None:
    """The article's file names no address."""
    from kairan.entrypoints.slack_commands import _problems

    cast = quiet.cast
    quiet.read(alert("repository_1"))
    assert "</" not in text_of(quiet.post(cast.security)) + text_of(quiet.post(cast.team_1))
    assert "Kairanで開く" in text_of(quiet.post(cast.security))
    assert [each.todo for each in _problems()["slack"]] == [
        "set address in kairan.yaml, like https://kairan.example.com"
    ]
    quiet.configure(article(cast, quiet.slack, address="https://kairan.example.com"))
    quiet.pass_(hours=1)
    quiet.read(alert("repository_1", at=quiet.now), alert("repository_2", at=quiet.now))
    assert f"<https://kairan.example.com/cases/C-{quiet.case().pk}/|" in text_of(quiet.post(cast.security))
    assert _problems() == {"slack": []}


def test_the_form_names_each_channel_with_the_link_of_its_post(story: Story) -> None:
    said = text_of(story.form())
    assert "トリアージ" in said
    assert "各チャンネルに連絡" in said
    assert "パッケージ「XXX」の脆弱性です。バージョン2.0.0にアップデートをお願いします" in said
    for channel in (story.cast.team_1, story.cast.team_2):
        assert f"#{channel.name}" in said
        assert f'"value": "{channel.id}"' in said
        assert f"archives/{channel.id}/p{story.post(channel).ts.replace('.', '')}" in said


def test_sending_the_form_replies_below_each_ticked_teams_own_post(story: Story) -> None:
    cast, form = story.cast, story.form()
    done = story.people.press(cast.psirt, cast.security, form, "kairan.send_triage", ticked(story, cast.team_1.id))
    assert done.acked
    assert done.took < 3
    story.work()
    (reply,) = story.thread(cast.team_1)
    assert reply.broadcast
    assert reply.thread_ts == story.post(cast.team_1).ts
    assert "バージョン2.0.0にアップデート" in text_of(reply)
    assert not story.thread(cast.team_2), "its box was not ticked"
    assert story.world.seen_by(cast.psirt.id), "who pressed is told what came of it"


def test_a_double_press_tells_nobody_twice(story: Story) -> None:
    cast, form = story.cast, story.form()
    both = ticked(story, cast.team_1.id, cast.team_2.id)
    for _ in range(2):
        assert story.people.press(cast.psirt, cast.security, form, "kairan.send_triage", both).acked
    story.work()
    assert len(story.thread(cast.team_1)) == len(story.thread(cast.team_2)) == 1
    story.people.press(cast.psirt, cast.security, form, "kairan.send_triage", both)
    story.work()
    assert len(story.thread(cast.team_1)) == 1
    assert len(story.world.seen_by(cast.psirt.id)) == 3


def test_a_press_outlives_the_one_who_heard_it(story: Story) -> None:
    """Acknowledged, and the worker dies before it was done: the job is there for the next one."""
    cast = story.cast
    boxes = ticked(story, cast.team_1.id)
    assert story.people.press(cast.psirt, cast.security, story.form(), "kairan.send_triage", boxes).acked
    assert not story.thread(cast.team_1)
    assert story.run_presses() == 1
    story.work()
    assert len(story.thread(cast.team_1)) == 1


def ticked(story: Story, *channels: str) -> dict[str, object]:
    """These boxes of the form."""
    block = next(block["block_id"] for block in story.form().blocks if "checkboxes" in str(block))
    return {block: list(channels)}


def test_nobody_can_tick_what_is_not_there(story: Story) -> None:
    with pytest.raises(NotThere):
        story.people.press(
            story.cast.psirt, story.cast.security, story.form(), "kairan.send_triage", ticked(story, "C404")
        )


def test_who_is_no_member_of_the_psirt_channel_may_not_send(story: Story) -> None:
    cast, boxes = story.cast, ticked(story, story.cast.team_1.id)
    for somebody in (cast.dev, cast.stranger):
        assert story.people.press(somebody, cast.security, story.form(), "kairan.send_triage", boxes).acked
        story.work()
        assert not story.thread(cast.team_1)
        assert len(story.world.seen_by(somebody.id)) == 1, "and is told so"


def test_who_left_the_psirt_channel_may_not_any_more(story: Story) -> None:
    cast, boxes = story.cast, ticked(story, story.cast.team_1.id)
    story.people.press(cast.psirt, cast.security, story.post(cast.security), "kairan.claim")
    story.work()
    assert story.case().parts.exclude(claimed_at=None).count() == 2
    cast.security.members.discard(cast.psirt.id)
    story.people.press(cast.psirt, cast.security, story.form(), "kairan.send_triage", boxes)
    story.work()
    assert not story.thread(cast.team_1)


@pytest.mark.parametrize("kind", ["multi", "single"])
def test_channels_give_guests_nothing_and_they_are_told_why(story: Story, kind: str) -> None:
    cast, boxes = story.cast, ticked(story, story.cast.team_1.id)
    guest = story.world.user("guest", guest=kind)
    for channel in (cast.security, cast.team_1):
        channel.members.add(guest.id)
    story.people.press(guest, cast.security, story.form(), "kairan.send_triage", boxes)
    story.people.press(guest, cast.team_1, story.post(cast.team_1), "kairan.fix")
    story.work()
    assert not story.thread(cast.team_1)
    assert {part.status for part in story.case().parts.all()} == {"new"}
    assert [each.text.split("、")[0] for each in story.world.seen_by(guest.id)] == ["ゲストには"] * 2
    story.people.open_home(guest)
    story.work()
    assert "ゲストには" in str(story.world.homes[guest.id])


def test_a_guest_with_an_account_acts_by_their_role(story: Story) -> None:
    from kairan.store.models import Person

    cast, boxes = story.cast, ticked(story, story.cast.team_1.id)
    guest = story.world.user("guest", guest="multi")
    cast.security.members.add(guest.id)
    Person.objects.create(username="g", email="guest@example.com", role="triager", created_at=story.now)
    story.people.press(guest, cast.security, story.form(), "kairan.send_triage", boxes)
    story.work()
    assert len(story.thread(cast.team_1)) == 1


def test_with_people_named_in_the_file_membership_gives_nothing(story: Story) -> None:
    story.configure(article(story.cast, story.slack, psirt=["somebody@example.com"]))
    boxes = ticked(story, story.cast.team_1.id)
    story.people.press(story.cast.psirt, story.cast.security, story.form(), "kairan.send_triage", boxes)
    story.work()
    assert not story.thread(story.cast.team_1)


def test_a_known_person_acts_by_their_role_whatever_the_channel(story: Story) -> None:
    from kairan.store.models import CaseEvent, Person

    cast = story.cast
    story.configure(article(cast, story.slack, psirt=["somebody@example.com"]))
    known = Person.objects.create(username="w", email="Watson@Example.com", role="triager", created_at=story.now)
    boxes = ticked(story, cast.team_1.id)
    story.people.press(cast.psirt, cast.security, story.form(), "kairan.send_triage", boxes)
    story.work()
    assert len(story.thread(cast.team_1)) == 1
    assert CaseEvent.objects.get(code="triage_sent").person_id == known.pk


def test_a_disabled_person_is_nobody(story: Story) -> None:
    from kairan.store.models import Person

    cast = story.cast
    mail = "watson@example.com"
    Person.objects.create(username="w", email=mail, role="triager", created_at=story.now, is_active=False)
    boxes = ticked(story, cast.team_1.id)
    story.people.press(cast.psirt, cast.security, story.form(), "kairan.send_triage", boxes)
    story.work()
    assert not story.thread(cast.team_1)


def test_the_team_says_that_it_fixes_it_and_the_posts_follow(story: Story) -> None:
    cast = story.cast
    before = story.post(cast.security).ts
    assert story.people.press(cast.dev, cast.team_1, story.post(cast.team_1), "kairan.fix").acked
    story.work()
    parts = {part.team.key: part.status for part in story.case().parts.select_related("team")}
    assert sorted(parts.values()) == ["fix_claimed", "new"]
    root = story.post(cast.security)
    assert root.ts == before, "edited in place"
    assert root.edited
    assert "対応完了の申告" in text_of(root)


def test_a_team_answers_for_itself_only(story: Story) -> None:
    """A button of one team's post, pressed by who is no member of that team's channel."""
    cast = story.cast
    outsider = story.world.user("mallory")
    story.people.press(outsider, cast.team_1, story.post(cast.team_1), "kairan.fix")
    story.work()
    assert {part.status for part in story.case().parts.all()} == {"new"}


def test_a_decision_is_made_in_a_modal_with_errors_at_its_fields(story: Story) -> None:
    cast, people = story.cast, story.people
    assert people.press(cast.dev, cast.team_1, story.post(cast.team_1), "kairan.not_affected").acked
    (view,) = wait_for(lambda: people.views_of(cast.dev))
    assert view.body["type"] == "modal"
    values = {"kairan.field.justification": "component_not_present"}
    done = people.submit(cast.dev, view, values)
    assert done.acked
    assert done.took < 3
    if view.errors:  # a reason is asked for
        assert set(view.errors) <= {block["block_id"] for block in view.body["blocks"]}
        people.submit(cast.dev, view, values | {"kairan.field.reason": "we do not ship XXX"})
    assert view.closed
    story.work()
    assert "not_affected" in {part.status for part in story.case().parts.all()}
    assert story.world.seen_by(cast.dev.id), "who decided is told"
    assert "影響なし" in text_of(story.post(cast.team_1))


def test_a_deferral_without_an_end_is_refused_at_the_field(story: Story) -> None:
    cast, people = story.cast, story.people
    people.press(cast.psirt, cast.security, story.post(cast.security), "kairan.defer")
    (view,) = wait_for(lambda: people.views_of(cast.psirt))
    teams = next(block for block in view.body["blocks"] if block.get("block_id") == "kairan.field.teams")
    everyone = [each["value"] for each in teams["element"]["options"]]
    given = {"kairan.field.teams": everyone, "kairan.field.until": "date", "kairan.field.reason": "next sprint"}
    done = people.submit(cast.psirt, view, given)
    assert list(done.answer["errors"]) == ["kairan.field.until_at"]
    assert not view.closed
    people.submit(cast.psirt, view, given | {"kairan.field.until_at": "2027-01-31"})
    assert view.closed
    story.work()
    assert {part.status for part in story.case().parts.all()} == {"deferred"}


def test_who_pressed_is_told_when_no_form_could_be_opened(story: Story) -> None:
    cast = story.cast
    story.slack.faults.add("views.open", code="expired_trigger_id")
    assert story.people.press(cast.psirt, cast.security, story.post(cast.security), "kairan.decide").acked
    (note,) = wait_for(lambda: story.world.seen_by(cast.psirt.id))
    assert "もう一度" in note.text
    assert story.people.press(cast.psirt, cast.security, story.post(cast.security), "kairan.decide").acked
    assert wait_for(lambda: story.people.views_of(cast.psirt))


def test_what_scans_do_not_see_any_more_is_closed_where_it_was_told(story: Story) -> None:
    cast = story.cast
    story.pass_(days=1)
    fixed = {"state": "FIXED", "at": story.now, "fixedAt": story.now.isoformat()}
    story.read(alert("repository_1", **fixed), alert("repository_2", **fixed))
    assert story.case().state == "closed"
    for channel in (cast.security, cast.team_1, cast.team_2):
        assert story.post(channel).edited
        assert "解決済み" in text_of(story.post(channel))
        closing = [each for each in story.thread(channel) if "kairan.send_triage" not in actions_of(each)]
        assert closing, "the thread says so"


def test_a_deleted_team_post_does_not_keep_psirt_from_reaching_the_team(story: Story) -> None:
    cast = story.cast
    boxes = ticked(story, cast.team_1.id)
    story.world.delete_message(cast.team_1.id, story.post(cast.team_1).ts)
    story.people.press(cast.psirt, cast.security, story.form(), "kairan.send_triage", boxes)
    story.work()
    (alone,) = story.posts(cast.team_1)
    assert "バージョン2.0.0にアップデート" in text_of(alone)


def test_a_channel_that_the_bot_was_removed_from_is_said(story: Story) -> None:
    from kairan.store.models import Delivery

    cast = story.cast
    boxes = ticked(story, cast.team_1.id, cast.team_2.id)
    cast.team_1.members.discard("U0KAIRANBT")
    story.people.press(cast.psirt, cast.security, story.form(), "kairan.send_triage", boxes)
    story.work()
    assert len(story.thread(cast.team_2)) == 1, "the other team is told all the same"
    refused = Delivery.objects.get(purpose="triage_message", channel=cast.team_1.id)
    assert refused.state == "refused"
    assert "not_in_channel" in refused.error


def test_the_button_for_tickets_says_what_became_of_it(story: Story) -> None:
    cast = story.cast
    assert story.people.press(cast.psirt, cast.security, story.post(cast.security), "kairan.create_ticket").acked
    story.work()
    assert story.world.seen_by(cast.psirt.id)


def test_who_is_affected_can_be_asked(story: Story) -> None:
    cast = story.cast
    asked = {
        GHSA.lower(): ("repository_", "team_1_channel", "未対応"),
        "XXX": ("team_1_channel", "team_2_channel"),
        "help": ("/kairan CVE-2021-44228",),
        "CVE-1999-0001 <!channel>": ("記録がありません", "&lt;!channel&gt;"),
    }
    for text, words in asked.items():
        done = story.people.command(cast.psirt, cast.security, text)
        assert done.acked
        story.work()
        said = story.world.seen_by(cast.psirt.id)[-1].text
        assert any(word in said for word in words), said
        assert words[-1] in said, said
    story.people.command(cast.stranger, cast.security, GHSA)
    story.work()
    assert "登録されていません" in story.world.seen_by(cast.stranger.id)[-1].text


def test_nobody_listens_and_slack_says_so(quiet: Story) -> None:
    quiet.read(alert("repository_1"))
    post = quiet.post(quiet.cast.security)
    assert not quiet.people.press(quiet.cast.psirt, quiet.cast.security, post, "kairan.claim").acked


def test_a_press_that_could_not_be_kept_is_not_acknowledged(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_given: object) -> None:
        raise RuntimeError("the database is away")

    monkeypatch.setattr("kairan.services.hearing._note", broken)
    monkeypatch.setattr("tests.slack.socket_mode.ACK_SECONDS", 0.5)
    cast = story.cast
    assert not story.people.press(cast.psirt, cast.security, story.post(cast.security), "kairan.claim").acked


def wait_for(look: Callable[[], list[View]], seconds: float = 5) -> list[View]:
    """What is done in a thread of its own."""
    until = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.02)
    return found


def test_the_form_says_what_a_decision_would_touch_and_follows_what_is_chosen(story: Story) -> None:
    cast, people = story.cast, story.people
    people.press(cast.psirt, cast.security, story.post(cast.security), "kairan.decide")
    (view,) = wait_for(lambda: people.views_of(cast.psirt))
    first = reach(view)
    assert "2チームの検出2件" in first
    assert f"#{cast.team_1.name}" in first
    assert f"#{cast.team_2.name}" in first
    one = next(block for block in view.body["blocks"] if block.get("block_id") == "kairan.field.teams")
    team = one["element"]["options"][0]["value"]
    assert people.choose(cast.psirt, view, "kairan.field.teams", {"kairan.field.teams": [team]}).acked
    wait_for(lambda: [view] if reach(view) != first else [])
    assert "1チームの検出1件" in reach(view)
    assert f"#{cast.team_2.name}" not in reach(view), "the other team is not told"
    links = {"kairan.field.evidence": "not a link"}
    given = {"kairan.field.teams": [team], "kairan.field.status": "false_positive", "kairan.field.reason": "tests only"}
    assert list(people.submit(cast.psirt, view, given | links).answer["errors"]) == ["kairan.field.evidence"]
    links = {"kairan.field.evidence": "https://example.com/a\nhttps://example.com/b"}
    assert people.submit(cast.psirt, view, given | links).answer == {}
    from kairan.store.models import Decision

    assert [each["link"] for each in Decision.objects.get().evidence] == [
        "https://example.com/a",
        "https://example.com/b",
    ]


def test_the_form_says_how_many_would_wait_for_an_approver(story: Story) -> None:
    cast, people = story.cast, story.people
    rule = {"name": "dependabot", "approve": ["risk_accepted"], "tell": [{"to": "slack", "audience": "psirt"}]}
    story.configure(article(cast, story.slack, rules=[rule]))
    people.press(cast.psirt, cast.security, story.post(cast.security), "kairan.decide")
    (view,) = wait_for(lambda: people.views_of(cast.psirt))
    first = reach(view)
    assert "承認" not in first
    people.choose(cast.psirt, view, "kairan.field.status", {"kairan.field.status": "risk_accepted"})
    wait_for(lambda: [view] if reach(view) != first else [])
    assert "うち2件は、承認者の承認後" in reach(view)


def reach(view: View) -> str:
    """What the form says of what it would touch."""
    block = next(each for each in view.body["blocks"] if each.get("block_id") == "kairan.reach")
    return str(block["text"]["text"])
