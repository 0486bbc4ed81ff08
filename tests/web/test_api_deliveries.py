"""Destinations and deliveries by the API."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from tests.web.api import script_of

NOW = datetime(2026, 7, 3, 12, 0, tzinfo=UTC)


def delivery(**said: Any) -> Any:
    from kairan.store.models import Delivery

    row = {"key": uuid4().hex, "destination": "preview", "channel": "psirt", "purpose": "psirt_post"}
    row |= {"marker": uuid4(), "priority": 10, "state": "sent", "created_at": NOW, "not_before": NOW}
    return Delivery.objects.create(**row | said)


def test_a_destination_is_paused_and_goes_on(person: Any) -> None:
    script = script_of(person("triager"))
    assert script.post("/destinations/preview", {"do": "pause"}).json()["paused_at"]
    [shown] = script.get("/destinations").json()["items"]
    assert (shown["name"], shown["guarantee"], bool(shown["paused_at"])) == ("preview", "exactly_once", True)
    assert script.post("/destinations/preview", {"do": "resume"}).json()["paused_at"] is None
    assert script.post("/destinations/preview", {"do": "resume"}).status_code == 409
    assert script.post("/destinations/nowhere", {"do": "test"}).status_code == 404


def test_a_refused_delivery_is_found_and_sent_again(person: Any) -> None:
    script = script_of(person("triager"))
    delivery(), delivery()
    refused = delivery(state="refused", error="no such channel")
    [row] = script.get("/deliveries", state="refused").json()["items"]
    assert (row["id"], row["error"]) == (refused.pk, "no such channel")
    assert script.post(f"/deliveries/{refused.pk}", {"do": "again"}).json()["state"] == "pending"
    assert script.post(f"/deliveries/{refused.pk}", {"do": "there"}).status_code == 409


def test_deliveries_are_listed_page_by_page(person: Any) -> None:
    script = script_of(person("viewer"))
    numbers = [delivery().pk for _ in range(3)]
    first = script.get("/deliveries", limit=2).json()
    rest = script.get("/deliveries", limit=2, cursor=first["next"]).json()
    assert [each["id"] for each in first["items"] + rest["items"]] == numbers[::-1]
    assert rest["next"] is None


def test_a_member_may_look_and_not_act(person: Any) -> None:
    script = script_of(person("member"))
    assert script.get("/destinations").status_code == 200
    assert script.post("/destinations/preview", {"do": "pause"}).status_code == 403
