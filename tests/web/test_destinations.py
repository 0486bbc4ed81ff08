"""Destinations and deliveries: what people see of them, and what their buttons do."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

NOW = datetime(2026, 7, 3, 12, 0, tzinfo=UTC)


def delivery(**said: Any) -> Any:
    from kairan.store.models import Delivery

    row = {"key": uuid4().hex, "destination": "preview", "channel": "psirt", "channel_name": "psirt"}
    row |= {"purpose": "psirt_post", "marker": uuid4(), "priority": 10, "state": "sent", "created_at": NOW}
    return Delivery.objects.create(**row | {"not_before": NOW} | said)


@pytest.fixture
def triager(person: Any) -> Client:
    client = Client()
    client.force_login(person("triager"))
    return client


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_broken_destination_says_so_and_what_to_do(triager: Client) -> None:
    from kairan.store.models import DestinationState

    DestinationState.objects.create(name="preview", broken="the token <b>was</b> revoked", last_error_at=NOW)
    shown = page(triager, "/destinations/")
    assert "Broken" in shown
    assert "the token &lt;b&gt;was&lt;/b&gt; revoked" in shown
    assert "exactly once" in shown
    assert 'value="test"' in shown


def test_the_buttons_of_a_destination_work_and_are_kept_in_the_audit_log(triager: Client) -> None:
    from kairan.store.models import Audit, Delivery, DestinationState

    for button in ("pause", "resume", "test", "replay"):
        answer = triager.post("/destinations/preview/", {"do": button})
        assert answer.status_code == 302
        assert DestinationState.objects.filter(paused_at__isnull=False).exists() == (button == "pause")
    assert Delivery.objects.get().purpose == "test"
    actions = Audit.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["destination.pause", "destination.resume", "destination.test", "destination.replay"]


def test_a_refused_delivery_can_be_sent_again_and_an_uncertain_one_settled(triager: Client) -> None:
    refused, uncertain = delivery(state="refused", error="no such channel"), delivery(state="uncertain")
    assert "no such channel" in page(triager, f"/deliveries/{refused.pk}/")
    triager.post(f"/deliveries/{refused.pk}/", {"do": "again"})
    triager.post(f"/deliveries/{uncertain.pk}/", {"do": "there"})
    refused.refresh_from_db()
    uncertain.refresh_from_db()
    assert (refused.state, uncertain.state) == ("pending", "sent")


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_who_may_not_manage_sees_no_buttons_and_cannot_press_them(person: Any, role: str) -> None:
    client = Client()
    client.force_login(person(role))
    refused = delivery(state="refused")
    assert 'name="do"' not in page(client, "/destinations/") + page(client, f"/deliveries/{refused.pk}/")
    assert client.post("/destinations/preview/", {"do": "pause"}).status_code == 403
    assert client.post(f"/deliveries/{refused.pk}/", {"do": "again"}).status_code == 403


def test_the_list_is_filtered_and_paged_without_gaps(triager: Client) -> None:
    kept = [delivery(state="refused" if number % 2 else "sent") for number in range(104)]
    first = page(triager, "/deliveries/?state=refused")
    assert f"/deliveries/{kept[-1].pk}/" in first
    assert f"/deliveries/{kept[-2].pk}/" not in first
    second = page(triager, f"/deliveries/?state=refused&before={kept[5].pk}")
    assert f"/deliveries/{kept[3].pk}/" in second
    assert f"/deliveries/{kept[5].pk}/" not in second


@pytest.mark.parametrize("query", ["state=nonsense", "before=x", "case=C-99999999999999999999", "destination=%00"])
def test_an_edited_address_is_no_fault(triager: Client, query: str) -> None:
    page(triager, f"/deliveries/?{query}")


def test_the_overview_names_destinations_that_wait_for_a_person(triager: Client) -> None:
    from kairan.store.models import DestinationState

    assert "destination is broken" not in page(triager, "/")
    DestinationState.objects.create(name="preview", broken="revoked")
    assert "1 destination is broken" in page(triager, "/")
