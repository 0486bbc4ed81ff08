"""What routing makes of cases is told once: of cases that turn out to be one, that come back, that go to and fro."""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from kairan.services import deliver, route
from kairan.store.models import Case, Delivery
from tests.reports import NOW, osv, record, records, take
from tests.ruling import put
from tests.services.test_route import PAY, WEB, decide, routed, scan, two_names

pytestmark = pytest.mark.usefixtures("sound_store")
LATER = NOW + timedelta(hours=1)


def send(now: datetime) -> None:
    deliver.work(lambda: now, linger=timedelta())


def become_one(now: datetime = NOW) -> None:
    take(osv("GHSA-aaaa-bbbb-cccc", "CVE-2026-0001"), now=now)
    route.drain(now)


def sent(**which: Any) -> list[tuple[str, str]]:
    rows = Delivery.objects.filter(state="sent", edits=False, **which).order_by("pk")
    return sorted(rows.values_list("purpose", "channel"))


def test_cases_that_become_one_before_they_were_told_are_told_once() -> None:
    two_names()
    become_one()
    send(LATER)
    assert sent() == [
        ("psirt_post", "psirt"),
        ("team_post", "C-pay"),
        ("team_post", "C-web"),
        ("triage_form", "psirt"),
    ]
    assert not Delivery.objects.exclude(state__in=["sent", "cancelled"]).exists()


def test_what_was_told_already_stays_and_what_waits_beside_it_is_not_sent() -> None:
    """The younger case's post is there: the older one's, which waits, would say the same."""
    two_names()
    older, younger = Case.objects.order_by("id")
    Delivery.objects.filter(case=older).update(not_before=NOW + timedelta(hours=2))
    send(LATER)
    assert sent(case=younger, channel="psirt") == [("psirt_post", "psirt"), ("triage_form", "psirt")]
    become_one(LATER)
    send(NOW + timedelta(hours=3))
    assert sent(channel="psirt") == [("psirt_post", "psirt"), ("triage_form", "psirt")]
    assert sent(channel="C-web") == [("team_post", "C-web")]


def test_parts_of_one_team_that_become_one_are_told_once() -> None:
    put(owners={WEB: "web"})
    routed(scan("web", record("CVE-2026-0001"), record("GHSA-aaaa-bbbb-cccc")))
    become_one()
    send(LATER)
    assert sent() == [("psirt_post", "psirt"), ("team_post", "C-web"), ("triage_form", "psirt")]


def test_of_two_posts_of_one_case_one_is_answered_and_both_are_closed() -> None:
    two_names()
    send(NOW)
    become_one(LATER)
    send(LATER)
    assert sent(purpose="psirt_post") == [("psirt_post", "psirt")] * 2, "they were told before anybody knew"
    decide("web", "risk_accepted", LATER, until_at=NOW + timedelta(days=9))
    assert Delivery.objects.filter(purpose="update", channel="psirt").count() == 1
    routed(scan("web", number=2), scan("pay", number=2), now=NOW + timedelta(days=2))
    closings = Delivery.objects.filter(purpose="closing", channel="psirt")
    assert closings.values("root").distinct().count() == closings.count() == 2


def test_what_was_uncertain_when_its_case_became_one_with_another_is_not_sent_again() -> None:
    """The younger case's post may be there; the look says that it is not, and the older one's is."""
    two_names()
    older, younger = Case.objects.order_by("id")
    Delivery.objects.filter(case=younger, purpose="psirt_post").update(state="uncertain", uncertain_until=LATER)
    send(NOW)
    become_one()
    decide("pay", "risk_accepted", until_at=NOW + timedelta(days=9))
    Delivery.objects.filter(state="uncertain").update(state="pending", uncertain_until=None)
    send(LATER)
    assert sent(channel="psirt", purpose="psirt_post") == [("psirt_post", "psirt")]
    assert Delivery.objects.get(purpose="psirt_post", state="sent", edits=False).case_id == older.pk
    assert not Delivery.objects.exclude(state__in=["sent", "cancelled"]).exists()
    assert Delivery.objects.get(purpose="update", channel="psirt").state == "sent"


def test_what_hung_on_a_post_that_is_not_sent_hangs_on_the_one_that_is() -> None:
    put(owners={WEB: "web", PAY: "pay"})
    two_names()
    younger = Case.objects.order_by("-id")[0]
    decide("pay", "risk_accepted", until_at=NOW + timedelta(days=9))
    assert Delivery.objects.get(case=younger, purpose="update", channel="psirt").root.case_id == younger.pk
    become_one()
    send(LATER)
    update = Delivery.objects.get(purpose="update", channel="psirt")
    assert (update.state, update.root) == ("sent", Delivery.objects.get(purpose="psirt_post", state="sent"))


def test_a_case_that_comes_back_is_told_once_in_each_channel() -> None:
    put(owners={WEB: "web", PAY: "pay"})
    routed(scan("web", record()), scan("pay", record()))
    send(NOW)
    routed(scan("web", number=2), scan("pay", number=2), now=NOW + timedelta(hours=2))
    send(NOW + timedelta(hours=2))
    routed(scan("web", record(), number=3), now=NOW + timedelta(days=5))
    told = Delivery.objects.filter(params__code="reopened").order_by("channel")
    assert list(told.values_list("purpose", "channel", "part__team__key")) == [
        ("update", "C-web", "web"),
        ("update", "psirt", None),
    ]
    assert not Delivery.objects.filter(channel="C-pay", purpose="update").exists(), "it has nothing to do"


def test_a_part_that_comes_back_by_itself_is_told_to_its_team_and_to_psirt() -> None:
    put(owners={WEB: "web", PAY: "pay"})
    routed(scan("web", record()), scan("pay", record()))
    send(NOW)
    routed(scan("web", number=2), now=NOW + timedelta(hours=2))
    routed(scan("web", record(), number=3), now=NOW + timedelta(days=5))
    told = Delivery.objects.filter(params__code="reopened").order_by("channel")
    assert list(told.values_list("purpose", "channel")) == [("update", "C-web"), ("update", "psirt")]


def test_a_part_that_comes_back_to_its_first_owner_is_told_there_again() -> None:
    put(owners={WEB: "web"})
    routed(scan("web", record()))
    send(NOW)
    for hours, team in ((1, "pay"), (2, "web")):
        now = NOW + timedelta(hours=hours)
        put(owners={WEB: team}, now=now)
        route.drain(now)
        send(now)
    said = Delivery.objects.filter(channel="C-web", purpose="update").order_by("pk")
    assert [each.params["params"] for each in said] == [{"old": "web", "new": "pay"}, {"old": "pay", "new": "web"}]
    assert sent(channel="C-web")[0] == ("team_post", "C-web")
    last = Delivery.objects.filter(channel="C-pay", edits=False).order_by("-pk")[0]
    assert last.params["params"] == {"old": "pay", "new": "web"}, "others have it now"


def test_who_had_a_part_before_anybody_read_of_it_hears_nothing() -> None:
    put(owners={WEB: "web"})
    routed(scan("web", record()))
    put(owners={WEB: "pay"}, now=LATER)
    route.drain(LATER)
    assert Delivery.objects.get(channel="C-web").state == "cancelled"
    put(owners={WEB: "web"}, now=LATER)
    route.drain(LATER)
    send(LATER)
    assert sent() == [("psirt_post", "psirt"), ("team_post", "C-web"), ("triage_form", "psirt")]


def test_what_is_sent_while_a_large_batch_is_routed_does_not_keep_it_from_coming_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Among many cases a post is always just being claimed; among few there are moments in which none is."""
    routed(scan("web"))  # the silent first look
    routed(scan("web", *records(40), number=2))
    assert Delivery.objects.filter(purpose="psirt_post", state="pending").count() == 40
    take(scan("web", number=3))
    record_, sizes = route.case_events.record, []

    def while_it_is_claimed(cursor: Any, news: Sequence[Any], now: datetime) -> None:
        sizes.append(len({each.case for each in news}))
        if sizes[-1] > 5:
            claim = threading.Thread(target=_claim, args=(news[0].case,))
            claim.start()
            claim.join()
        record_(cursor, news, now)

    monkeypatch.setattr(route.case_events, "record", while_it_is_claimed)
    route.drain(LATER, size=40)
    assert sizes[:4] == [40, 20, 10, 5]
    assert not Case.objects.exclude(state="closed").exists()


def _claim(case: int) -> None:
    from django.db import connection

    Delivery.objects.filter(case=case, state="pending").update(attempts=1)
    connection.close()
