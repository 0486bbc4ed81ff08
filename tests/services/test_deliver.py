"""Told once: every state of a delivery and every way from one to the next, against a server that fails on demand."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from kairan.domain.news import Code
from tests.services.town import Town, town


@pytest.fixture
def here(store: None) -> Iterator[Town]:
    with town() as found:
        yield found


@pytest.fixture
def post(here: Town) -> Any:
    """A case of which PSIRT alone is told: one delivery that waits."""
    case = here.case("")
    here.news(case, Code.OPENED)
    return here.only(purpose="psirt_post")


def again(delivery: Any) -> Any:
    delivery.refresh_from_db()
    return delivery


def test_what_waits_is_sent_with_its_marker_and_keeps_its_receipt(here: Town, post: Any) -> None:
    assert here.work()
    (message,) = here.posted("C-psirt")[:1]
    assert message["marker"] == str(post.marker)
    assert again(post).state == "sent"
    assert post.receipt["id"] == message["id"]
    assert post.payload == message["payload"]
    assert post.settled_at == here.now
    assert here.state().last_sent_at == here.now


def test_the_form_comes_after_all_posts_whose_links_it_shows(here: Town) -> None:
    here.news(here.case("shop", "pay"), Code.OPENED)
    here.work()
    assert sorted(here.purposes()[:3]) == ["psirt_post", "team_post", "team_post"]
    assert here.purposes()[3] == "triage_form"
    assert here.posted()[3]["root"] == here.only(purpose="psirt_post").receipt["id"]


def test_a_form_does_not_wait_for_ever_for_a_post_that_was_refused(here: Town) -> None:
    here.fail(refused=["C-shop"])
    here.news(here.case("shop"), Code.OPENED)
    here.work()
    assert here.only(purpose="team_post").state == "refused"
    assert here.only(purpose="triage_form").state == "sent"


def test_a_form_goes_without_the_link_of_a_post_that_cannot_be_sent_for_long(here: Town) -> None:
    here.news(here.case("shop"), Code.OPENED)
    waiting = here.only(purpose="team_post")
    waiting.not_before = here.now + timedelta(hours=2)
    waiting.save()
    here.work()
    assert here.only(purpose="triage_form").state == "pending"
    here.pass_(minutes=16)
    here.work()
    assert here.only(purpose="triage_form", edits=False).state == "sent"
    here.pass_(hours=2)
    here.work()
    assert here.only(purpose="triage_form", edits=True).state == "sent", "the link that came late is put in"


def test_a_failure_that_passes_waits_longer_each_time(here: Town, post: Any) -> None:
    here.fail(fail=1.0)
    waits = []
    for _ in range(4):
        here.work()
        assert again(post).state == "pending"
        waits.append(post.not_before - here.now)
        here.now = post.not_before
    assert all(timedelta(seconds=2.5 * 2**n) <= wait <= timedelta(seconds=5 * 2**n) for n, wait in enumerate(waits))
    assert "500" in post.error
    assert here.state().failures == 4
    here.fail()
    here.work()
    assert (again(post).state, post.error, here.state().failures) == ("sent", "", 0)
    assert post.attempts == 5


def test_retry_after_is_obeyed_for_the_whole_channel(here: Town) -> None:
    first, second = here.case(""), here.case("")
    here.fail(limit=1.0, retry_after=30)
    here.news(first, Code.OPENED)
    here.news(second, Code.OPENED)
    here.work()
    assert sorted(each.attempts for each in here.deliveries(purpose="psirt_post")) == [0, 1]
    here.fail()
    here.pass_(seconds=29)
    assert not here.work()
    here.pass_(seconds=1)
    here.work()
    assert {each.state for each in here.deliveries(purpose="psirt_post")} == {"sent"}


def test_a_limit_of_everything_stops_every_channel(here: Town) -> None:
    here.fail(limit_all=1.0, retry_after=60)
    here.news(here.case("shop"), Code.OPENED)
    here.work()
    assert sum(each.attempts for each in here.deliveries()) == 1
    assert here.state().not_before == here.now + timedelta(seconds=60)
    here.fail()
    here.pass_(seconds=60)
    here.work()
    assert {each.state for each in here.deliveries()} == {"sent"}


def test_what_is_refused_for_good_is_not_tried_again_until_somebody_says_so(here: Town, post: Any) -> None:
    from kairan.services import deliver
    from kairan.services.actor import Actor

    here.fail(refused=["C-psirt"])
    here.work()
    assert again(post).state == "refused"
    assert "takes nothing" in post.error
    here.pass_(days=1)
    here.work()
    assert again(post).attempts == 1
    here.fail()
    assert deliver.replay("dummy", Actor("admin"), here.now) == 1
    here.work()
    assert {each.state for each in here.deliveries()} == {"sent"}


def test_a_broken_destination_keeps_its_deliveries_until_a_test_goes_well(here: Town, post: Any) -> None:
    from kairan.services import deliver
    from kairan.services.actor import Actor

    here.fail(revoked=True)
    here.work()
    assert "revoked" in here.state().broken
    assert again(post).state == "pending"
    here.pass_(days=1)
    assert not here.work()
    deliver.test("dummy", Actor("admin"), here.now)
    here.work()
    assert here.state().test_result["ok"] is False
    assert here.state().broken
    here.fail()
    deliver.test("dummy", Actor("admin"), here.now)
    here.work()
    assert here.state().test_result["ok"] is True
    assert (again(post).state, here.state().broken) == ("sent", "")


def test_a_paused_destination_keeps_its_deliveries(here: Town, post: Any) -> None:
    from kairan.services import deliver
    from kairan.services.actor import Actor

    deliver.pause("dummy", Actor("admin"), here.now)
    assert not here.work()
    deliver.resume("dummy", Actor("admin"), here.now)
    here.work()
    assert again(post).state == "sent"


@pytest.mark.parametrize("fault", ["mute", "cut_after", "garble"])
def test_an_uncertain_one_that_is_found_is_not_sent_again(here: Town, post: Any, fault: str) -> None:
    here.fail(**{fault: 1.0, "hold": 0.7})
    here.work()
    assert again(post).state == "uncertain"
    here.fail()
    here.pass_(seconds=1.9)
    assert not here.work(), "before everything has settled there nobody may look"
    here.pass_(seconds=0.2)
    here.work()
    assert again(post).state == "sent"
    assert here.purposes("C-psirt").count("psirt_post") == 1
    assert post.receipt["id"] == here.posted("C-psirt")[0]["id"]


@pytest.mark.parametrize("fault", ["lose", "cut_before"])
def test_an_uncertain_one_that_is_certainly_not_there_is_sent_again(here: Town, post: Any, fault: str) -> None:
    here.fail(**{fault: 1.0, "hold": 0.7})
    here.work()
    assert again(post).state == "uncertain"
    here.fail()
    here.pass_(seconds=2.1)
    here.work()
    assert again(post).state == "sent"
    assert here.purposes("C-psirt").count("psirt_post") == 1


def test_while_nobody_can_say_it_stays_uncertain(here: Town, post: Any) -> None:
    here.fail(cut_after=1.0)
    here.work()
    here.fail(fail_look=1.0, retry_after=20)
    here.pass_(seconds=3)
    here.work()
    assert (again(post).state, post.uncertain_until) == ("uncertain", here.now + timedelta(seconds=20))
    here.pass_(seconds=20)
    here.work()
    assert again(post).state == "uncertain"
    here.fail()
    here.pass_(seconds=20)
    here.work()
    assert again(post).state == "sent"
    assert here.purposes("C-psirt").count("psirt_post") == 1


@pytest.mark.parametrize("there", [True, False])
def test_a_person_can_say_what_became_of_an_uncertain_one(here: Town, post: Any, there: bool) -> None:
    from kairan.services import deliver
    from kairan.services.actor import Actor

    here.fail(cut_after=1.0)
    here.work()
    here.fail()
    deliver.settle_by_hand(post.pk, Actor("admin"), here.now, there=there)
    here.work()
    assert again(post).state == "sent"
    assert here.purposes("C-psirt").count("psirt_post") == (1 if there else 2)


def test_what_is_there_by_a_persons_word_is_not_edited_and_news_of_it_stands_alone(here: Town, post: Any) -> None:
    """Nobody knows how the destination names it: no message of an empty name is asked for."""
    from kairan.services import deliver
    from kairan.services.actor import Actor

    here.fail(cut_after=1.0)
    here.work()
    here.fail()
    deliver.settle_by_hand(post.pk, Actor("admin"), here.now, there=True)
    here.news(post.case, Code.WORSE, old="high", new="critical")
    here.pass_(minutes=1)
    here.work()
    told = [each for each in here.deliveries() if each.pk != post.pk]
    assert {(each.purpose, each.edits): (each.state, each.error) for each in told} == {
        ("psirt_post", True): ("cancelled", "root_unplaced"),
        ("triage_form", False): ("sent", ""),
        ("update", False): ("sent", ""),
    }
    assert here.server.turned_away == []


@pytest.mark.parametrize("arrived", [True, False])
def test_a_killed_sender_leaves_an_uncertain_delivery(here: Town, post: Any, arrived: bool) -> None:
    """Killed after the claim was committed: whether the call was made nobody knows."""
    post.state, post.sending_since, post.attempts, post.payload = "sending", here.now, 1, {"purpose": "psirt_post"}
    post.save()
    if arrived:
        said = {"marker": str(post.marker), "payload": post.payload, "root": None, "broadcast": False}
        here.server.ledger.post("C-psirt", said, 0)
    here.pass_(seconds=3)
    here.work()
    assert again(post).state == "sending", "it may still be at it"
    here.pass_(seconds=1)
    here.work()
    assert (again(post).state, post.error) == ("uncertain", "sender_died")
    here.pass_(seconds=3)
    here.work()
    assert again(post).state == "sent"
    assert here.purposes("C-psirt").count("psirt_post") == 1


def test_an_edit_changes_the_message_that_is_there(here: Town) -> None:
    case = here.case("")
    here.news(case, Code.OPENED)
    here.work()
    here.change(case, status="triaging")
    here.news(case, Code.CLAIMED, by="mika")
    here.work()
    (message,) = [each for each in here.posted() if each["payload"]["purpose"] == "psirt_post"]
    assert message["payload"]["status"] == "triaging"
    assert len(message["edits"]) == 1


def test_an_uncertain_edit_is_made_anew(here: Town) -> None:
    case = here.case("")
    here.news(case, Code.OPENED)
    here.work()
    here.fail(cut_before=1.0)
    here.news(case, Code.CLAIMED)
    here.work()
    assert {each.state for each in here.deliveries(edits=True)} == {"uncertain"}
    here.fail()
    here.change(case, status="action_needed")
    here.pass_(seconds=3)
    here.work()
    assert {each.state for each in here.deliveries(edits=True)} == {"sent"}
    assert here.posted()[0]["payload"]["status"] == "action_needed"


def test_an_edit_waits_while_the_one_before_it_may_still_arrive(here: Town) -> None:
    case = here.case("")
    here.news(case, Code.OPENED)
    here.work()
    here.fail(cut_before=1.0)
    here.news(case, Code.CLAIMED)
    here.work()
    here.fail()
    here.news(case, Code.UNCLAIMED, by="mika")
    assert not here.work()
    here.pass_(seconds=3)
    here.work()
    states = [each.state for each in here.deliveries(edits=True, purpose="psirt_post")]
    assert states == ["cancelled", "sent"], "the newer one says more"


def test_an_edit_of_what_was_refused_is_cancelled_and_says_why(here: Town, post: Any) -> None:
    here.work()
    here.news(post.case, Code.CLAIMED)
    post.refresh_from_db()
    post.state = "refused"
    post.save()
    here.work()
    assert here.only(edits=True, purpose="psirt_post").error == "root_refused"


def test_of_a_message_that_people_deleted_edits_end_and_replies_stand_alone(here: Town) -> None:
    case = here.case("shop")
    here.news(case, Code.OPENED)
    here.work()
    here.delete(here.only(purpose="team_post").receipt["id"], "C-shop")
    here.news(case, Code.DECIDED, part=case.parts.get(), by="mika", status="deferred")
    here.work()
    assert here.only(purpose="team_post", edits=True).error == "root_gone"
    assert here.only(purpose="team_post", edits=False).receipt["more"]["gone"]
    reply = here.only(purpose="update", channel="C-shop")
    assert (reply.state, here.posted("C-shop")[-1]["root"]) == ("sent", None)
    here.news(case, Code.CLAIMED, part=case.parts.get())
    assert len(here.deliveries(purpose="team_post", edits=True)) == 1, "it is not edited any more"


def test_what_cannot_be_made_is_refused_and_stops_nobody(
    here: Town, post: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kairan.destinations.dummy import DESTINATION

    def fail(message: object) -> None:
        raise ValueError("too many blocks")

    monkeypatch.setattr(type(DESTINATION), "render", lambda self, message: fail(message))
    here.work()
    assert again(post).state == "refused"
    assert "too many blocks" in post.error
    assert here.state().failures >= 1


def test_a_click_goes_before_a_batch(here: Town) -> None:
    here.settings["rate"] = 1.0
    here.apply()
    for _ in range(5):
        here.news(here.case(""), Code.OPENED)
    waiting = here.deliveries(purpose="psirt_post")
    click = waiting[-1]
    click.priority = 0
    click.save()
    here.work()
    assert here.posted()[0]["marker"] == str(click.marker)


def test_a_channel_gets_its_messages_in_order_and_at_its_pace(here: Town) -> None:
    here.settings["rate"] = 2.0
    here.apply(tells=here.config.rules[0].tell[1:])
    for _ in range(3):
        here.news(here.case("shop"), Code.OPENED)
    for number in range(1, 4):
        here.work()
        assert len(here.posted()) == number
        here.pass_(seconds=1.9)
        here.work()
        assert len(here.posted()) == number
        here.pass_(seconds=0.2)
    wanted = [str(each.marker) for each in here.deliveries(purpose="team_post")]
    assert [each["marker"] for each in here.posted()] == wanted


def test_nothing_is_sent_to_what_the_configuration_does_not_name(here: Town, post: Any) -> None:
    from kairan.domain.config import Channel, Destination

    here.apply(destinations=(Destination("other", "preview", Channel("x")),))
    assert not here.work()
    assert again(post).state == "pending"


def test_wrong_settings_break_the_destination_not_the_worker(here: Town, post: Any) -> None:
    here.settings["url"] = "ftp://example.com"
    here.apply()
    here.work()
    assert again(post).state == "pending"
    assert "http://" in here.state().broken


def test_a_ticket_is_made_once_and_its_link_becomes_news(here: Town) -> None:
    from django.db import transaction

    from kairan.domain.config import Channel, Destination
    from kairan.services import asides
    from kairan.services.actor import Actor
    from kairan.store.connection import raw_cursor
    from kairan.store.models import CaseEvent

    here.apply(destinations=(*here.config.destinations, Destination("preview", "preview", Channel("p"))))
    case = here.case("", told=True)
    for _ in range(2):
        with transaction.atomic():
            asides.ticket(raw_cursor(), here.config, case.pk, Actor("mika"), here.now)
    here.work()
    assert here.only(purpose="ticket").state == "sent"
    event = CaseEvent.objects.get(case=case, code="ticket")
    assert event.params["url"]
    assert event.actor == "mika"


def test_only_those_with_the_right_act_and_every_attempt_is_kept(here: Town) -> None:
    from kairan.domain.errors import ForbiddenError
    from kairan.services import deliver
    from kairan.services.actor import Actor
    from kairan.store.models import Audit, Person

    viewer = Person.objects.create(username="eve", role="viewer", created_at=here.now)
    with pytest.raises(ForbiddenError):
        deliver.pause("dummy", Actor("eve", viewer.pk, "127.0.0.1"), here.now)
    deliver.pause("dummy", Actor("admin"), here.now)
    assert list(Audit.objects.order_by("pk").values_list("action", flat=True)) == [
        "destination.pause.refused",
        "destination.pause",
    ]
