"""Numbers, places and days in addresses are written by anybody: none of them breaks a page or an answer of the API."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from kairan.domain.rights import Role
from tests.cases import case, team

from .api import script_of
from .pages import pages

pytestmark = pytest.mark.django_db

NUMBERS = ["999999999999999999", "9223372036854775807", "9" * 19, "9" * 5_000, "-1", "0", "٣", "²"]
# What Python takes for an instant and PostgreSQL does not, in both orders of a place.
INSTANTS = [
    "2026-W01-1T00:00:00+00:00",
    "20260101T000000+0000",
    "2026-01-01T00:00:00+23:59",
    "2026-01-01T00:00:00-23:59:59.999999",
    "0001-01-01T00:00:00+10:00",
    "9999-12-31T23:59:59-10:00",
    "2026-01-01T00:00:00,5+00:00",
    "2026-01-01",
]
PLACES = [
    *(f"5~{at}~1" for at in INSTANTS),
    *(f"{at}~1" for at in INSTANTS),
    "5~2026-01-01T00:00:00+00:00~999999999999999999",
    "9999~2026-01-01T00:00:00+00:00~1",
    "99999~2026-01-01T00:00:00+00:00~1",
    "-999999999999999999.999999999999999999.999999999999999999",
    "severity.999999999999.1",
    "severity.5.999999999999999999",
    "first_seen.2026-W01-1T00:00:00+00:00.1",
    "first_seen.1767225600000000.1",
    "first_seen.999999999999999999.1",
]
LISTS = {"audit", "cases", "findings", "assets", "runs", "vulnerability", "messages", "deliveries"}  # that have places
NAMES = ("after", "before", "page", "person", "asset", "case", "part", "days", "at", "pick", "cursor")


def test_no_number_or_place_in_an_address_breaks_a_page(person: Callable[..., Any], street: Any) -> None:
    case(team("web"), findings=[street.finding()])
    client = Client(raise_request_exception=False)
    client.force_login(person(Role.ADMINISTRATOR))
    asked = [
        (address, dict.fromkeys(NAMES, value))
        for page in pages()
        for address in page.addresses[:1]
        for value in (*NUMBERS, *(PLACES if page.name in LISTS else ()))
    ]
    asked += [
        (address, {"sort": sort, "after": value})
        for address in ("/cases/", "/findings/")
        for sort in ("updated", "oldest", "first_seen")
        for value in PLACES
    ]
    broken = [(address, said) for address, said in asked if client.get(address, said).status_code >= 500]
    assert broken == []


def test_what_is_no_place_is_the_beginning(person: Callable[..., Any]) -> None:
    from kairan.store.queries import case_list
    from kairan.store.queries.case_list import Sort

    number = case(team("web")).pk
    client = Client()
    client.force_login(person(Role.VIEWER))
    for at in INSTANTS:
        assert not case_list.known_place(f"5~{at}~1", Sort.SEVERITY), at
        page = client.get("/cases/", {"after": f"1~{at}~1"}).content.decode()
        assert f">C-{number}<" in page, at
    assert case_list.known_place("5~2026-01-01T00:00:00.123456+00:00~1", Sort.SEVERITY)


def test_no_cursor_breaks_the_api(person: Callable[..., Any], street: Any) -> None:
    case(team("web"), findings=[street.finding(id="CVE-2026-1")])
    script = script_of(person(Role.ADMINISTRATOR))
    lists = ["/cases", "/findings", "/assets", "/runs", "/deliveries", "/vulnerabilities/CVE-2026-1/assets"]
    for address in lists:
        assert script.get(address).status_code == 200, address
        for value in (*NUMBERS, *PLACES):
            cursor = urlsafe_b64encode(value[:300].encode()).decode().rstrip("=")
            for more in ({}, {"sort": "updated"}, {"sort": "first_seen"}):
                assert script.get(address, cursor=cursor, **more).status_code < 500, (address, value[:60], more)


def test_days_of_a_trial_are_bounded_as_a_whole(person: Callable[..., Any]) -> None:
    client = Client()
    client.force_login(person(Role.TRIAGER))
    address = reverse("rule_try", args=["urgent"])
    for days in ("000000001999999999999", "3661", "0", "9" * 5_000, "٣"):
        answer = client.get(address, {"days": days})
        assert (answer.status_code, answer.context["days"]) == (200, 30), days
    assert client.get(address, {"days": "7"}).context["days"] == 7
