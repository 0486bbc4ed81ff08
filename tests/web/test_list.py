"""The list: what it shows, filters, pages."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from kairan.domain.severity import Severity
from kairan.web.findings import views

from .conftest import NOW


def shown(client: Client, address: str) -> list[int]:
    return [int(number) for number in re.findall(r'class="c-id"><a href="/findings/F-(\d+)/"', page(client, address))]


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_worst_first_then_newest(viewer: Client, street: Any) -> None:
    low = street.finding(severity=Severity.LOW)
    older = street.finding(severity=Severity.CRITICAL, seen=NOW - timedelta(days=9))
    newer = street.finding(severity=Severity.CRITICAL, seen=NOW - timedelta(days=1))
    unknown = street.finding(severity=Severity.UNKNOWN)
    assert shown(viewer, "/findings/") == [newer.id, older.id, low.id, unknown.id]


def test_a_row_says_all_that_is_asked(viewer: Client, street: Any) -> None:
    street.finding(id="CVE-2021-44228", title="Log4Shell", package="log4j-core", location="pom.xml", fixed="2.15.0")
    text = page(viewer, "/findings/")
    for said in (
        "High",
        "CVE-2021-44228",
        "Log4Shell",
        "log4j-core",
        "registry.example/shop",
        "pom.xml",
        "1.0.1",
        "2.15.0",
    ):
        assert said in text
    assert 'datetime="2026-07-03T11:59:00+00:00"' in text
    assert "2026-07-03 11:59:00 (UTC)" in text


def test_times_stand_in_the_persons_zone(person: Any, street: Any) -> None:
    street.finding()
    client = Client()
    client.force_login(person("viewer", time_zone="Asia/Tokyo"))
    assert "2026-07-03 20:59:00 (Asia/Tokyo)" in page(client, "/findings/")


def test_filters(viewer: Client, street: Any) -> None:
    a = street.finding(id="CVE-2026-1", ids=["GHSA-aaaa-bbbb-cccc"], package="openssl", asset="web")
    b = street.finding(id="CVE-2026-2", package="100%_curl", asset="db", severity=Severity.LOW)
    c = street.finding(id="CVE-2026-3", package="openssl", asset="db", open=False)
    assert shown(viewer, "/findings/") == [a.id, b.id]
    assert shown(viewer, "/findings/?state=closed") == [c.id]
    assert set(shown(viewer, "/findings/?state=all")) == {a.id, b.id, c.id}
    assert shown(viewer, "/findings/?severity=low") == [b.id]
    assert shown(viewer, "/findings/?q=ghsa-AAAA") == [a.id]
    assert shown(viewer, "/findings/?q=openssl") == [a.id]
    assert set(shown(viewer, "/findings/?q=openssl&state=all")) == {a.id, c.id}
    assert shown(viewer, "/findings/?q=openssl+db&state=all") == [c.id]
    assert shown(viewer, "/findings/?q=%25_") == [b.id]
    assert shown(viewer, f"/findings/?q=f-{b.id}") == [b.id]


@pytest.mark.parametrize(
    "query",
    ["state=x", "severity=x", "after=1.2", "after=9.1.1", "before=x.y.z", "after=5.999999999999999999.1", "q=%00",
     "q=%FF", "q=" + "a" * 5000, "after=1.1.1&before=1.1.1", "q=%27%22)--", "q=%5C", "q=f-99999999999999999999"],
)  # fmt: skip
def test_nothing_in_the_address_breaks_the_page(query: str, viewer: Client, street: Any) -> None:
    street.finding()
    page(viewer, f"/findings/?{query}")


def test_pages_lead_on_and_back_without_loss_or_repetition(viewer: Client, street: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(views, "PAGE_SIZE", 3)
    for number in range(11):
        street.finding(severity=Severity(number % 3 + 1), seen=NOW - timedelta(minutes=number // 4))
    forth, address = [], "/findings/"
    while address:
        forth.append(shown(viewer, address))
        last, address = address, _link(page(viewer, address), "next")
    assert [len(one) for one in forth] == [3, 3, 3, 2]
    assert len({number for one in forth for number in one}) == 11
    back, address = [], last
    while address:
        back.append(shown(viewer, address))
        address = _link(page(viewer, address), "prev")
    assert back[::-1] == forth


def test_a_finding_that_arrives_does_not_shift_the_next_page(viewer: Client, street: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(views, "PAGE_SIZE", 2)
    for _ in range(4):
        street.finding()
    following = _link(page(viewer, "/findings/"), "next")
    expected = shown(viewer, following)
    street.finding(severity=Severity.CRITICAL)
    assert shown(viewer, following) == expected


def test_going_back_from_a_place_before_everything_shows_the_first_page(viewer: Client, street: Any) -> None:
    only = street.finding()
    assert shown(viewer, "/findings/?before=5.9999999999999999.999") == [only.id]


def _link(text: str, rel: str) -> str:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', text)
    return found[1].replace("&amp;", "&") if found else ""


def test_the_total_is_bounded(viewer: Client, street: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(views, "MOST_COUNTED", 2)
    street.finding()
    assert "1 finding, worst first" in page(viewer, "/findings/")
    street.finding()
    assert "2 findings, worst first" in page(viewer, "/findings/")
    street.finding()
    assert "more than 2, worst first" in page(viewer, "/findings/")


def test_merged_findings_are_not_listed(viewer: Client, street: Any) -> None:
    kept, gone = street.finding(), street.finding(open=False)
    gone.merged_into = kept
    gone.save()
    assert shown(viewer, "/findings/?state=all") == [kept.id]


def test_empty_because_nothing_was_imported(viewer: Client) -> None:
    assert "kairan import REPORT.json" in page(viewer, "/findings/")


def test_empty_because_all_is_well(viewer: Client, street: Any) -> None:
    street.run()
    text = page(viewer, "/findings/")
    assert "All is well" in text
    assert "2026-07-03 12:00:00 (UTC)" in text
    street.finding(open=False)
    assert "All is well" in page(viewer, "/findings/")


def test_empty_because_the_filter_hides_all(viewer: Client, street: Any) -> None:
    street.finding()
    text = page(viewer, "/findings/?q=zzz&severity=low")
    assert "The filter hides all" in text
    assert 'href="/findings/?severity=low"' in text
    assert 'href="/findings/?q=zzz"' in text


def test_queries_do_not_grow_with_the_rows(viewer: Client, street: Any, django_assert_num_queries: Any) -> None:
    for rows in (1, 20):
        for _ in range(rows):
            street.finding()
        with django_assert_num_queries(4):  # session, person, rows, count
            page(viewer, "/findings/")
