"""From news to deliveries: who is told of what, where, when, and how often."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from kairan.domain.config import Channel, Escalate, QuietHours, Remind, Tell
from kairan.domain.news import Code, News
from tests.services.town import TELLS, Town, town

PSIRT, TEAMS = TELLS


@pytest.fixture
def here(store: None) -> Iterator[Town]:
    with town() as found:
        yield found


def told(here: Town, **which: object) -> list[tuple[str, str]]:
    return [(each.purpose, each.channel) for each in here.deliveries(**which)]


def opened(here: Town, *teams: str) -> Any:
    """A case that was opened and told everywhere."""
    case = here.case(*teams)
    here.news(case, Code.OPENED)
    here.work()
    return case


def test_an_opened_case_is_told_to_psirt_and_each_team_with_a_form_below(here: Town) -> None:
    case = here.case("shop", "pay", "")
    here.news(case, Code.OPENED)
    assert sorted(told(here)) == [
        ("psirt_post", "C-psirt"),
        ("team_post", "C-pay"),
        ("team_post", "C-shop"),
        ("triage_form", "C-psirt"),
    ]
    psirt, form = here.only(purpose="psirt_post"), here.only(purpose="triage_form")
    posts = [here.only(channel=channel).pk for channel in ("C-shop", "C-pay")]
    assert (form.root_id, form.after) == (psirt.pk, [psirt.pk, *posts])
    case.refresh_from_db()
    assert case.told_at == here.now
    assert [part.told_at for part in case.parts.order_by("pk")] == [here.now, here.now, None]


def test_the_same_news_once_more_changes_nothing(here: Town) -> None:
    case = here.case("shop")
    for _ in range(3):
        here.news(case, Code.OPENED)
    assert len(here.deliveries()) == 3
    here.work()
    here.news(case, Code.OPENED)
    assert len(here.deliveries()) == 3
    for _ in range(3):
        here.news(case, Code.DECIDED, part=case.parts.get(), by="mika", status="deferred")
    assert told(here, purpose="update") == [("update", "C-psirt"), ("update", "C-shop")]


def test_news_of_a_case_edits_each_root_once_however_much_there_is(here: Town) -> None:
    case = opened(here, "shop")
    for code in (Code.CLAIMED, Code.JOINED, Code.MOVED, Code.UNCLAIMED):
        here.news(case, code)
    assert sorted(told(here, edits=True)) == [
        ("psirt_post", "C-psirt"),
        ("team_post", "C-shop"),
        ("triage_form", "C-psirt"),
    ]
    assert told(here, purpose="update") == []


def test_what_was_not_sent_yet_needs_no_edit(here: Town) -> None:
    case = here.case("shop")
    here.news(case, Code.OPENED)
    here.news(case, Code.CLAIMED)
    assert told(here, edits=True) == []


@pytest.mark.parametrize(
    ("code", "channels", "purpose"),
    [
        (Code.DECIDED, ["C-psirt", "C-shop"], "update"),
        (Code.STILL_SEEN, ["C-psirt", "C-shop"], "update"),
        (Code.EXPIRED, ["C-psirt", "C-shop"], "update"),
        (Code.REOPENED, ["C-psirt", "C-shop"], "update"),
        (Code.FIX_CLAIMED, ["C-psirt"], "update"),
        (Code.ASKED, ["C-psirt"], "update"),
        (Code.PART_RESOLVED, ["C-shop"], "closing"),
        (Code.DUE, ["C-shop"], "update"),
        (Code.COMMENTED, [], "update"),
    ],
)
def test_people_hear_below_the_posts_what_concerns_them(
    here: Town, code: Code, channels: list[str], purpose: str
) -> None:
    case = opened(here, "shop", "pay")
    here.news(case, code, part=case.parts.order_by("pk")[0])
    replies = here.deliveries(purpose__in=["update", "closing"])
    assert [(each.purpose, each.channel) for each in replies] == [(purpose, channel) for channel in channels]
    assert all(each.root_id and each.params["code"] == code.value for each in replies)


def test_a_closed_case_is_closed_wherever_it_was_told(here: Town) -> None:
    case = opened(here, "shop")
    part = case.parts.get()
    here.change(case, state="closed", status="resolved")
    news = [News(case.pk, Code.PART_RESOLVED, here.now, part.pk), News(case.pk, Code.CLOSED, here.now)]
    here.tell(news)
    assert sorted(told(here, purpose="closing")) == [("closing", "C-psirt"), ("closing", "C-shop")]


def test_what_is_settled_before_it_was_told_is_not_told(here: Town) -> None:
    case = here.case("shop")
    here.news(case, Code.OPENED)
    here.change(case, state="closed", status="resolved")
    here.news(case, Code.CLOSED)
    here.work()
    assert here.posted() == []
    assert {each.state for each in here.deliveries()} == {"cancelled"}
    here.change(case, state="open", status="new")
    here.news(case, Code.REOPENED)
    here.work()
    assert sorted(here.purposes()) == ["psirt_post", "team_post", "triage_form"], "back again, and told once"


def test_one_more_team_is_told_and_the_form_shows_it_afterwards(here: Town) -> None:
    from kairan.store.models import CasePart, Team

    case = opened(here, "shop")
    part = CasePart.objects.create(
        case=case, team=Team.objects.get(key="pay"), status="new", status_since=here.now, severity=4, opened_at=here.now
    )
    here.news(case, Code.PART_ADDED, part=part)
    post = here.only(channel="C-pay")
    assert post.purpose == "team_post"
    assert here.only(purpose="triage_form", edits=True).after == [post.pk]
    assert len(here.deliveries(purpose="psirt_post", edits=True)) == 1


def test_a_handed_over_part_is_posted_where_it_is_now_and_noted_where_it_was(here: Town) -> None:
    from kairan.store.models import CasePart, Team

    case = opened(here, "shop")
    CasePart.objects.filter(case=case).update(team=Team.objects.get(key="pay"))
    here.news(case, Code.HANDED_OVER, part=case.parts.get(), old="shop", new="pay")
    assert here.only(channel="C-pay").purpose == "handover"
    note = here.only(channel="C-shop", edits=False, root__isnull=False)
    assert (note.purpose, note.params["code"]) == ("update", "handed_over")
    here.work()
    here.news(case, Code.STILL_SEEN, part=case.parts.get())
    assert len(here.deliveries(channel="C-shop", purpose="update")) == 1, "the old channel hears no more"
    assert len(here.deliveries(channel="C-pay", purpose="update")) == 1


def test_a_changed_channel_is_a_hand_over_too(here: Town) -> None:
    case = opened(here, "shop")
    here.apply(channels={"shop": "C-new"})
    here.news(case, Code.HANDED_OVER, part=case.parts.get(), old="shop", new="shop")
    assert here.only(channel="C-new").purpose == "handover"
    assert here.only(channel="C-shop", purpose="update").params["code"] == "handed_over"


def test_what_waits_below_a_post_that_nobody_read_yet_goes_where_the_case_goes(here: Town) -> None:
    """What a team was to hear is not taken back with the post that it was to hang on: it is news still."""
    case = here.case("shop")
    here.news(case, Code.OPENED)
    here.news(case, Code.STILL_SEEN)
    here.apply(channels={"shop": "C-new"})
    here.news(case, Code.HANDED_OVER, part=case.parts.get(), old="shop", new="shop")
    here.work()
    assert told(here, channel="C-shop", state="sent") == []
    assert [each["payload"]["purpose"] for each in here.posted("C-new")] == ["handover", "update"]
    post, update = here.posted("C-new")
    assert update["root"] == post["id"]
    assert here.only(channel="C-new", purpose="update").params["code"] == "still_seen"


def test_what_is_said_of_a_post_just_as_it_gives_way_hangs_on_the_one_that_stays(here: Town) -> None:
    """Two at once: one finds that its post says what another one says already, one puts news to that post."""
    case = here.case("shop")
    here.news(case, Code.OPENED)
    post = here.only(channel="C-shop")
    other = type(post).objects.get(pk=post.pk)
    other.pk, other.key, other.marker, other.state, other.error = None, "other", uuid4(), "cancelled", "overtaken"
    other.save(force_insert=True)
    here.news(case, Code.STILL_SEEN)
    type(post).objects.filter(purpose="update", channel="C-shop").update(root=other)
    here.work()
    assert [each["payload"]["purpose"] for each in here.posted("C-shop")] == ["team_post", "update"]


def handed_over(here: Town, case: Any, old: str, new: str) -> None:
    from kairan.store.models import CasePart, Team

    team = Team.objects.get(key=new) if new else None
    CasePart.objects.filter(case=case).update(team=team)
    here.news(case, Code.HANDED_OVER, part=case.parts.get(), old=old, new=new)


@pytest.mark.parametrize("to", ["ops", ""])
def test_what_waits_for_a_team_that_gives_the_case_on_never_goes_back_to_the_one_before(here: Town, to: str) -> None:
    case = opened(here, "shop")
    handed_over(here, case, "shop", "pay")
    here.news(case, Code.STILL_SEEN)
    handed_over(here, case, "pay", to)
    here.work()
    assert {each.params["code"] for each in here.deliveries(channel="C-shop", purpose="update")} == {"handed_over"}
    assert here.posted("C-pay") == []
    there = here.deliveries(purpose="update", state="sent", params__code="still_seen", channel__startswith="C-o")
    assert [(each.channel, each.team.key) for each in there] == ([("C-ops", "ops")] if to else [])


def test_what_only_the_team_before_had_to_hear_is_not_taken_along(here: Town) -> None:
    """Being reminded of a post that nobody read, and who had it before that team."""
    case = here.case("shop")
    here.news(case, Code.OPENED)
    post = here.only(channel="C-shop")
    here.news(case, Code.STILL_SEEN)
    for purpose, params in (("reminder", {}), ("update", {"code": "handed_over"})):
        row = here.only(channel="C-shop", params__code="still_seen")
        row.pk, row.key, row.marker, row.purpose, row.params = None, purpose, uuid4(), purpose, params
        row.root = post
        row.save(force_insert=True)
    handed_over(here, case, "shop", "pay")
    here.work()
    assert here.purposes("C-pay") == ["handover", "update"]
    assert here.posted("C-shop") == []


def test_what_is_said_below_the_other_post_already_is_not_said_there_again(here: Town) -> None:
    """Two parts become one team's: what both teams were to hear that team hears once."""
    from kairan.store.models import CasePart, Delivery, Team

    case = here.case("shop", "pay")
    here.news(case, Code.OPENED)
    here.news(case, Code.WORSE, old="high", new="critical")
    shop, pay = case.parts.order_by("pk")
    Delivery.objects.filter(part=shop).update(part=pay)
    CasePart.objects.filter(pk=shop.pk).delete()
    assert pay.team == Team.objects.get(key="pay")
    here.news(case, Code.HANDED_OVER, part=pay, old="shop", new="pay")
    here.work()
    assert here.purposes("C-pay") == ["team_post", "update"]
    assert here.posted("C-shop") == []


def test_a_team_that_shares_its_channel_keeps_its_posts_when_the_other_gives_its_part_away(here: Town) -> None:
    here.apply(channels={"shop": "C-dev", "pay": "C-dev"})
    case = here.case("shop", "pay")
    here.news(case, Code.OPENED)
    shop = case.parts.order_by("pk")[0]
    from kairan.store.models import CasePart, Team

    CasePart.objects.filter(pk=shop.pk).update(team=Team.objects.get(key="ops"))
    here.news(case, Code.HANDED_OVER, part=shop, old="shop", new="ops")
    here.work()
    assert here.purposes("C-dev") == ["team_post"], "the other team's"
    assert here.purposes("C-ops") == ["handover"]


def test_a_channel_that_is_changed_back_hears_that_the_case_is_there_again(here: Town) -> None:
    case = opened(here, "shop")
    for channel in ("C-new", "C-shop"):
        here.apply(channels={"shop": channel})
        here.news(case, Code.HANDED_OVER, part=case.parts.get(), old="shop", new="shop", channel="shop")
        here.work()
        here.pass_(hours=1)
    assert told(here, purpose="update", root__isnull=False) == [
        ("update", "C-shop"),  # it is told elsewhere
        ("update", "C-shop"),  # and here again
        ("update", "C-new"),
    ]
    assert here.only(purpose="handover", edits=False).channel == "C-new"


def test_a_silent_baseline_is_told_when_it_is_released(here: Town) -> None:
    case = here.case("shop")
    here.news(case, Code.OPENED, baseline=True)
    here.news(case, Code.JOINED)
    here.news(case, Code.DECIDED, by="mika")
    assert here.deliveries() == []
    case.refresh_from_db()
    assert case.told_at is None
    here.news(case, Code.RELEASED)
    assert len(here.deliveries()) == 3


def test_later_rules_add_whom_to_tell_and_nobody_twice(here: Town) -> None:
    from kairan.domain.config import Rule

    here.apply()
    more = (Tell(to="dummy", audience="psirt", channel=Channel("C-sre")), TEAMS)
    rules = (*(here.config.rules or ()), Rule(name="more", tell=more))
    here.apply(rules=rules)
    case = here.case("shop", also=["more"])
    here.news(case, Code.OPENED)
    assert sorted(told(here)) == [
        ("psirt_post", "C-psirt"),
        ("psirt_post", "C-sre"),
        ("team_post", "C-shop"),
        ("triage_form", "C-psirt"),
    ]


def test_a_destination_that_cannot_edit_gets_news_as_messages(here: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    from kairan.destinations.dummy import DESTINATION

    monkeypatch.setattr(type(DESTINATION), "can_edit", False)
    case = opened(here, "shop")
    here.news(case, Code.JOINED, part=case.parts.get(), findings=3)
    assert told(here, edits=True) == []
    assert told(here, purpose="update") == [("update", "C-psirt"), ("update", "C-shop")]


def test_a_digest_gathers_cases_until_its_time_and_then_begins_anew(here: Town) -> None:
    here.apply(tells=(Tell(to="dummy", digest="0 9 * * 1"),), time_zone="Asia/Tokyo")
    cases = [here.case("shop") for _ in range(3)]
    for case in cases[:2]:
        here.news(case, Code.OPENED)
        here.news(case, Code.WORSE)
    digest = here.only()
    assert digest.params["cases"] == [cases[0].pk, cases[1].pk]
    assert digest.not_before == datetime(2026, 7, 6, 0, 0, tzinfo=UTC), "Monday, nine o'clock in Tokyo"
    assert not here.work()
    here.now = digest.not_before
    here.work()
    here.news(cases[2], Code.OPENED)
    assert [each.params["cases"] for each in here.deliveries()] == [[cases[0].pk, cases[1].pk], [cases[2].pk]]
    assert here.deliveries()[1].not_before == datetime(2026, 7, 13, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "slots"),
    [
        ("2026-03-28T12:00+00:00", ["2026-03-29T01:30+00:00", "2026-03-30T00:30+00:00"]),
        ("2026-10-24T12:00+00:00", ["2026-10-25T00:30+00:00", "2026-10-26T01:30+00:00"]),
    ],
    ids=["the hour is left out", "the hour comes twice"],
)
def test_a_digest_has_one_slot_a_day_when_the_clocks_change(here: Town, now: str, slots: list[str]) -> None:
    here.now = datetime.fromisoformat(now)
    here.apply(tells=(Tell(to="dummy", digest="30 2 * * *"),), time_zone="Europe/Berlin")
    for _ in slots:
        here.news(here.case("shop"), Code.OPENED)
        here.now = here.deliveries()[-1].not_before
    assert [each.not_before for each in here.deliveries()] == [datetime.fromisoformat(slot) for slot in slots]


def test_in_quiet_hours_news_waits_for_the_morning_and_a_click_does_not(here: Town) -> None:
    quiet = QuietHours("22:00", "07:00")
    here.apply(tells=(Tell(to="dummy", quiet_hours=quiet),), time_zone="Europe/Berlin")
    here.now = datetime(2026, 7, 1, 20, 30, tzinfo=UTC)  # half past ten in the evening
    case = here.case("shop")
    here.news(case, Code.OPENED)
    assert here.only().not_before == datetime(2026, 7, 2, 5, 0, tzinfo=UTC)
    assert not here.work()
    here.now = datetime(2026, 7, 2, 4, 0, tzinfo=UTC)
    other = here.case("pay")
    here.news(other, Code.OPENED)
    assert here.deliveries()[-1].not_before == datetime(2026, 7, 2, 5, 0, tzinfo=UTC), "the same night, after midnight"
    here.news(other, Code.DECIDED, part=other.parts.get(), by="mika")
    assert here.only(purpose="update").not_before == here.now


def test_a_quiet_weekend_lasts_until_monday_morning(here: Town) -> None:
    here.apply(tells=(Tell(to="dummy", quiet_hours=QuietHours("20:00", "08:00", weekends=True)),))
    here.now = datetime(2026, 7, 3, 21, 0, tzinfo=UTC)  # Friday evening
    here.news(here.case("shop"), Code.OPENED)
    assert here.only().not_before == datetime(2026, 7, 6, 8, 0, tzinfo=UTC)


def test_what_is_over_the_ceiling_is_rolled_up_once_an_hour(here: Town) -> None:
    here.apply(tells=(Tell(to="dummy", ceiling=3),))
    cases = [here.case("shop") for _ in range(6)]
    here.tell([News(case.pk, Code.OPENED, here.now) for case in cases[:5]])
    here.news(cases[5], Code.OPENED)
    assert [each.case_id for each in here.deliveries(purpose="team_post")] == [case.pk for case in cases[:3]]
    rolled = here.only(purpose="roll_up")
    assert rolled.params["cases"] == [case.pk for case in cases[3:]]
    assert rolled.not_before == here.now + timedelta(hours=1)
    here.pass_(hours=1)
    more = here.case("shop")
    here.news(more, Code.OPENED)
    assert here.deliveries(purpose="team_post")[-1].case_id == more.pk, "a new hour has room again"


def test_replies_over_the_ceiling_are_rolled_up_too(here: Town) -> None:
    here.apply(tells=(Tell(to="dummy", ceiling=3),))
    cases = [opened(here, "shop") for _ in range(2)]
    for case in cases:
        here.news(case, Code.STILL_SEEN, findings=1)
    assert [each.case_id for each in here.deliveries(purpose="update")] == [cases[0].pk]
    assert here.only(purpose="roll_up").params["cases"] == [cases[1].pk]


def test_a_roll_up_waits_for_the_end_of_quiet_hours_and_gathers_the_night(here: Town) -> None:
    here.apply(tells=(Tell(to="dummy", ceiling=1, quiet_hours=QuietHours("22:00", "07:00")),))
    here.now = here.now.replace(hour=21, minute=30)
    here.tell([News(here.case("shop").pk, Code.OPENED, here.now) for _ in range(3)])
    rolled = here.only(purpose="roll_up")
    assert rolled.not_before == datetime(2026, 7, 2, 7, 0, tzinfo=UTC), "not at ten"
    here.now = here.now.replace(hour=23)
    here.tell([News(here.case("shop").pk, Code.OPENED, here.now) for _ in range(2)])
    first, second = here.deliveries(purpose="roll_up")
    assert (len(first.params["cases"]), second.not_before) == (2, datetime(2026, 7, 2, 8, 0, tzinfo=UTC))


def test_a_roll_up_that_is_on_its_way_already_is_followed_by_one_after_quiet_hours(here: Town) -> None:
    here.apply(tells=(Tell(to="dummy", ceiling=1, quiet_hours=QuietHours("22:00", "07:00")),))
    here.now = here.now.replace(hour=20, minute=30)
    here.tell([News(here.case("shop").pk, Code.OPENED, here.now) for _ in range(2)])
    rolled = here.only(purpose="roll_up")
    rolled.state = "sending"
    rolled.save()
    here.news(here.case("shop"), Code.OPENED)
    assert here.deliveries(purpose="roll_up")[1].not_before == datetime(2026, 7, 2, 7, 0, tzinfo=UTC)


def test_the_ceiling_counts_posts_and_not_the_forms_below_them(here: Town) -> None:
    here.apply(tells=(Tell(to="dummy", audience="psirt", form=True, ceiling=2),))
    for _ in range(3):
        here.news(here.case("shop"), Code.OPENED)
    assert len(here.deliveries(purpose="psirt_post")) == len(here.deliveries(purpose="triage_form")) == 2
    assert len(here.only(purpose="roll_up").params["cases"]) == 1


def test_an_escalation_keeps_the_quiet_hours_of_its_rule(here: Town) -> None:
    from django.db import transaction

    from kairan.services import asides
    from kairan.store.connection import raw_cursor

    quiet = (Tell(to="dummy", quiet_hours=QuietHours("22:00", "07:00")),)
    here.apply(tells=quiet, rule={"escalate": Escalate("dummy", Channel("C-boss", "boss"))})
    case = opened(here, "shop")
    here.now = here.now.replace(hour=23)
    with transaction.atomic():
        asides.escalate(raw_cursor(), here.config, case.parts.get().pk, here.now)
    assert here.only(purpose="escalation").not_before == datetime(2026, 7, 2, 7, 0, tzinfo=UTC)


def test_a_team_is_reminded_below_its_post_each_time_once(here: Town) -> None:
    from django.db import transaction

    from kairan.services import asides
    from kairan.store.connection import raw_cursor
    from kairan.store.models import CasePart

    case = opened(here, "shop")
    part = case.parts.get()
    for number in (0, 0, 1):
        CasePart.objects.filter(pk=part.pk).update(reminders=number)
        with transaction.atomic():
            asides.remind(raw_cursor(), here.config, part.pk, here.now)
    reminders = here.deliveries(purpose="reminder")
    assert [each.params["number"] for each in reminders] == [1, 2]
    assert {each.root_id for each in reminders} == {here.only(purpose="team_post").pk}


def test_when_nobody_answers_whom_the_rule_names_is_told_once(here: Town) -> None:
    from django.db import transaction

    from kairan.services import asides
    from kairan.store.connection import raw_cursor

    here.apply(rule={"escalate": Escalate("dummy", Channel("C-boss", "boss"))})
    case = opened(here, "shop")
    for _ in range(2):
        with transaction.atomic():
            asides.escalate(raw_cursor(), here.config, case.parts.get().pk, here.now)
    assert told(here, purpose="escalation") == [("escalation", "C-boss")]


def test_what_nobody_is_told_is_no_reminder_and_is_made_up_for_when_it_can_be_told(here: Town) -> None:
    """The team lost its channel, and the destination to escalate to is gone, after the case was told."""
    from msgspec.structs import replace

    from kairan.services import timers
    from kairan.store.models import CaseEvent

    escalate = Escalate("dummy", Channel("C-boss"), "7d")
    pace: dict[str, Any] = {"remind": Remind("3d", "2d", 2), "escalate": escalate}
    known = here.apply(rule=pace)
    case = opened(here, "shop")
    nowhere = tuple(replace(team, channels={}) for team in known.teams)
    here.apply(rule=pace | {"escalate": replace(escalate, to="gone")}, teams=nowhere)
    timers.due(here.now + timedelta(days=8))
    part = case.parts.get()
    assert (part.reminders, part.escalated_at) == (0, None)
    assert not CaseEvent.objects.filter(code__in=("reminded", "escalated")).exists()
    here.apply(rule=pace)
    timers.due(here.now + timedelta(days=9))
    assert sorted(CaseEvent.objects.values_list("code", flat=True)) == ["escalated", "reminded"]
    assert {each.purpose for each in here.deliveries(state="pending", edits=False)} == {"reminder", "escalation"}


def test_what_psirt_writes_goes_below_each_ticked_teams_post_for_the_whole_channel(here: Town) -> None:
    from django.db import transaction

    from kairan.services import asides
    from kairan.services.actor import Actor
    from kairan.store.connection import raw_cursor

    case = opened(here, "shop", "pay", "ops")
    parts = [part.pk for part in case.parts.order_by("pk")][:2]
    made = []
    for _ in range(2):  # pressed twice
        with transaction.atomic():
            made.append(
                asides.triage_messages(raw_cursor(), here.config, case.pk, parts, "Update it", Actor("mika"), here.now)
            )
    assert made == [{*parts}, set()]
    assert told(here, purpose="triage_message") == [("triage_message", "C-shop"), ("triage_message", "C-pay")]
    here.work()
    message = here.posted("C-shop")[-1]
    post = here.only(purpose="team_post", channel="C-shop")
    assert (message["root"], message["broadcast"]) == (post.receipt["id"], True)
    assert message["payload"]["text"] == "Update it"


def test_a_team_without_a_channel_is_not_told_and_counts_as_not_told(here: Town) -> None:
    from msgspec.structs import replace

    here.apply(teams=tuple(replace(team, channels={}) for team in here.config.teams))
    case = here.case("shop")
    here.news(case, Code.OPENED)
    assert [each.purpose for each in here.deliveries()] == ["psirt_post", "triage_form"]
    assert case.parts.get().told_at is None
