"""The first page: every number right, every number a way to its rows, and what to do while there is nothing."""

from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from kairan.domain.rights import Role
from kairan.domain.severity import Severity
from tests.web.conftest import NOW, Street


@pytest.fixture
def today() -> Any:
    return timezone.now()


def page_of(client: Client) -> Any:
    response = client.get("/")
    assert response.status_code == 200
    return response


def test_with_nothing_read_it_says_what_to_do(viewer: Client, person: Callable[..., Any]) -> None:
    page = page_of(viewer).content.decode()
    assert "kairan import REPORT.json" in page
    assert "ask a triager" in page
    triager = Client()
    triager.force_login(person(Role.TRIAGER))
    assert 'href="/uploads/"' in page_of(triager).content.decode()


def test_open_by_severity_against_a_week_ago(street: Street, viewer: Client, today: Any) -> None:
    street.finding(severity=Severity.CRITICAL, seen=today - timedelta(days=1))
    street.finding(severity=Severity.CRITICAL, seen=today - timedelta(days=30))
    street.finding(severity=Severity.LOW, seen=today - timedelta(days=2))
    closed = street.finding(severity=Severity.LOW, open=False, seen=today - timedelta(days=40))
    type(closed).objects.filter(id=closed.id).update(closed_at=today - timedelta(days=3))
    lines = {
        line.severity: (line.open, line.came.number, line.went.number) for line in page_of(viewer).context["lines"]
    }
    assert lines[Severity.CRITICAL] == (2, 1, 0)
    assert lines[Severity.LOW] == (1, 1, 1)
    assert lines[Severity.HIGH] == (0, 0, 0)


def test_its_numbers_lead_to_as_many_rows(street: Street, viewer: Client, today: Any) -> None:
    from urllib.parse import parse_qs, urlsplit

    from kairan.domain.query.parse import parse
    from kairan.store.queries import findings, search

    for age in (1, 3, 20):
        street.finding(severity=Severity.HIGH, seen=today - timedelta(days=age))
    [line] = [each for each in page_of(viewer).context["lines"] if each.open]

    def number(address: str) -> int:
        [query] = parse_qs(urlsplit(address).query)["q"]
        return findings.count(search.select(parse(query, today, UTC)), most=100)

    assert number(line.address) == line.open == 3
    assert number(line.came_address) == line.came.number == 2


def test_the_newest_critical_and_high_come_first(street: Street, viewer: Client) -> None:
    old = street.finding(severity=Severity.CRITICAL, seen=NOW - timedelta(days=9), title="<b>old</b>")
    new = street.finding(severity=Severity.HIGH, seen=NOW)
    street.finding(severity=Severity.MEDIUM, seen=NOW)
    street.finding(severity=Severity.CRITICAL, seen=NOW, open=False)
    response = page_of(viewer)
    assert [row.id for row in response.context["newest"]] == [new.id, old.id]
    assert "&lt;b&gt;old" in response.content.decode()


def test_sources_say_when_they_were_last_read_and_whether_that_is_long_ago(
    street: Street, viewer: Client, today: Any
) -> None:
    from kairan.store.models import Source

    street.finding()
    street.run(source=street.source, started_at=today - timedelta(days=8), finished_at=today)
    dead = Source.objects.create(kind="x", name="never-read", created_at=NOW)
    fresh = Source.objects.create(kind="x", name="fresh", created_at=NOW)
    street.run(source=fresh, started_at=today - timedelta(hours=1))
    street.run(source=dead, started_at=today, state="failed")
    stale = {line.source.name: line.stale for line in page_of(viewer).context["sources"]}
    assert stale == {"trivy": True, "never-read": True, "fresh": False}
    page = page_of(viewer).content.decode()
    assert "Never read to the end" in page
    assert "What came up since is not known" in page


def test_a_sources_name_may_hold_anything(street: Street, viewer: Client) -> None:
    from kairan.store.models import Source

    Source.objects.create(kind="x", name="my trivy, (old)", created_at=NOW)
    [line] = [each for each in page_of(viewer).context["sources"] if each.source.name.startswith("my")]
    assert viewer.get(line.address).context["asked"].chips[-1].text == 'source:"my trivy, (old)"'


def test_what_waits_for_a_person_is_listed_and_counted(street: Street, viewer: Client, today: Any) -> None:
    from kairan.store.models import HeldClosing, Upload

    assert "Nothing: no closing is held" in page_of(viewer).content.decode()
    run = street.run(started_at=today, counts={"rejected": 5})
    street.run(started_at=today, state="failed", error="is not JSON")
    street.run(started_at=today - timedelta(days=9), state="failed", error="long ago")
    Upload.objects.create(name="x", size=1, stored="", state="failed", created_at=today)
    HeldClosing.objects.create(
        scope=street.scope, run=run, as_of=NOW, reason="no_evidence", sightings=[1, 2, 3], fingerprint=b"x"
    )
    response = page_of(viewer)
    waiting = response.context["waiting"]
    assert (waiting.held_findings, waiting.runs, waiting.uploads, waiting.rejects) == (3, 1, 1, 5)
    page = response.content.decode()
    for address in ("/held/", "/runs/?state=failed", "/runs/?state=rejected"):
        assert address in page
    assert "a triager decides" in page


def test_all_well_says_so(street: Street, viewer: Client) -> None:
    street.finding(open=False)
    page = page_of(viewer).content.decode()
    assert "Nothing is open." in page
    assert "Nothing critical or high is open." in page


def test_more_than_is_counted_says_at_least(street: Street, viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from kairan.store.queries import overview

    monkeypatch.setattr(overview, "MOST", 2)
    for _ in range(4):
        street.finding(seen=timezone.now())
    response = page_of(viewer)
    assert response.context["came"].total == overview.Some(2, bounded=True)
    assert "2+" in response.content.decode()


def test_japanese(street: Street, person: Callable[..., Any]) -> None:
    street.finding()
    client = Client()
    client.force_login(person(Role.ADMINISTRATOR, language="ja"))
    assert "人の対応を待っているものは何か" in page_of(client).content.decode()
