"""The list: what it shows, how it is asked, sorted, grouped, paged; and what it says when there is nothing."""

import re
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from kairan.domain.errors import QueryError
from kairan.domain.query import parse
from kairan.domain.severity import Severity
from kairan.web.findings import views

from .conftest import NOW


def shown(client: Client, address: str) -> list[int]:
    return [int(number) for number in re.findall(r'class="c-id"><a href="/findings/F-(\d+)/"', page(client, address))]


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def asked(query: str) -> str:
    return f"/findings/?q={quote(query)}"


def chips(text: str) -> dict[str, str]:
    """The chips' texts, and where their crosses lead."""
    found = re.findall(r'<li class="chip"><bdi[^>]*>(.*?)</bdi><a href="([^"]*)"', text)
    return {unescape(term): unescape(address) for term, address in found}


def bar(text: str) -> str:
    found = re.search(r'<input id="q"[^>]* value="([^"]*)"', text)
    assert found
    return unescape(found[1])


# --- rows ------------------------------------------------------------------------------------------------------------


def test_worst_first_then_newest(viewer: Client, street: Any) -> None:
    low = street.finding(severity=Severity.LOW)
    older = street.finding(severity=Severity.CRITICAL, seen=NOW - timedelta(days=9))
    newer = street.finding(severity=Severity.CRITICAL, seen=NOW - timedelta(days=1))
    unknown = street.finding(severity=Severity.UNKNOWN)
    assert shown(viewer, "/findings/") == [newer.id, older.id, low.id, unknown.id]


def test_a_row_says_all_that_is_asked(viewer: Client, street: Any) -> None:
    street.finding(id="CVE-2021-44228", title="Log4Shell", package="log4j-core", location="pom.xml", fixed="2.15.0")
    text = page(viewer, "/findings/")
    for said in ("High", "CVE-2021-44228", "Log4Shell", "log4j-core", "registry.example/shop", "pom.xml", "2.15.0"):
        assert said in text
    assert 'datetime="2026-07-03T11:59:00+00:00"' in text
    assert "2026-07-03 11:59:00 (UTC)" in text


def test_times_stand_in_the_persons_zone(person: Any, street: Any) -> None:
    street.finding()
    client = Client()
    client.force_login(person("viewer", time_zone="Asia/Tokyo"))
    assert "2026-07-03 20:59:00 (Asia/Tokyo)" in page(client, "/findings/")


def test_days_of_a_query_begin_in_the_persons_zone(person: Any, street: Any) -> None:
    street.finding(seen=NOW.replace(hour=20))  # in Tokyo the fourth of July
    for zone, found in (("UTC", 0), ("Asia/Tokyo", 1)):
        client = Client()
        client.force_login(person("viewer", time_zone=zone))
        assert len(shown(client, asked("first-seen:2026-07-04"))) == found


def test_merged_findings_are_not_listed(viewer: Client, street: Any) -> None:
    kept, gone = street.finding(), street.finding(open=False)
    gone.merged_into = kept
    gone.save()
    assert shown(viewer, asked("")) == [kept.id]


# --- the query -------------------------------------------------------------------------------------------------------


def test_queries(viewer: Client, street: Any) -> None:
    a = street.finding(id="CVE-2026-1", package="openssl", asset="web")
    b = street.finding(id="CVE-2026-2", package="100%_curl", asset="db", severity=Severity.LOW)
    c = street.finding(id="CVE-2026-3", package="openssl", asset="db", open=False)
    assert shown(viewer, "/findings/") == [a.id, b.id]
    assert shown(viewer, asked("is:closed")) == [c.id]
    assert set(shown(viewer, "/findings/?q=")) == {a.id, b.id, c.id}
    assert shown(viewer, asked("severity:low")) == [b.id]
    assert shown(viewer, asked("id:cve-2026-1")) == [a.id]
    assert shown(viewer, asked("package:openssl asset:db")) == [c.id]
    assert shown(viewer, asked("package:100%_*")) == [b.id]


def test_without_a_query_the_bar_says_what_is_shown(viewer: Client, street: Any) -> None:
    street.finding()
    assert bar(page(viewer, "/findings/")) == "is:open"
    assert bar(page(viewer, "/findings/?q=")) == ""


def test_text_and_chips_are_in_step(viewer: Client, street: Any) -> None:
    street.finding()
    query = 'is:open severity:>=high "a <b>" sort:x'.replace(" sort:x", "")
    text = page(viewer, asked(query) + "&sort=oldest&after=oldest.0.1.1")
    assert bar(text) == query
    assert list(chips(text)) == ["is:open", "severity:>=high", '"a <b>"']
    assert chips(text)["severity:>=high"] == "/findings/?q=is%3Aopen+%22a+%3Cb%3E%22&sort=oldest"
    assert bar(page(viewer, chips(text)["severity:>=high"])) == 'is:open "a <b>"'


def test_the_last_chip_leads_to_everything(viewer: Client, street: Any) -> None:
    street.finding()
    assert chips(page(viewer, "/findings/"))["is:open"] == "/findings/?q="


def test_a_findings_own_number_leads_to_it(viewer: Client, street: Any) -> None:
    finding = street.finding()
    for text in (f"F-{finding.id}", f"f-{finding.id}", f" F-{finding.id} "):
        assert viewer.get(asked(text))["Location"] == f"/findings/F-{finding.id}/"
    answer = viewer.get(asked(f"F-{finding.id}"), headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == f"/findings/F-{finding.id}/"
    assert "The filter hides all" in page(viewer, asked("F-999999"))
    assert "The filter hides all" in page(viewer, asked("F-999999999999999999"))


def test_a_query_that_is_none_is_kept_and_marked(viewer: Client, street: Any) -> None:
    street.finding()
    text = page(viewer, asked("is:open severty:<high> x"))
    assert bar(text) == "is:open severty:<high> x"
    assert "`severity`?" in text
    assert "is:open <mark>severty:&lt;high&gt;</mark> x" in text
    assert chips(text) == {}
    assert 'aria-invalid="true"' in text


def test_every_complaint_about_a_query_can_be_translated(viewer: Client, street: Any) -> None:
    """Whatever parsing complains about stands in the table of complaints."""
    from kairan.web.findings import complaints

    broken = (
        "x" * 4_001, ")", "a or", "or a", "-)", "(", "-" * 60 + "a", "severty:x", "zzz:x", "package:>x",
        "severity:>low,high", "package:", '"', ",", "is:opn", "is:zzz", "severity:zzz", "closed:<2026..2027",
        "closed:99999y", "closed:2026-13", "closed:never", "severity:hih",
    )  # fmt: skip
    said = set()
    for text in broken:
        with pytest.raises(QueryError) as caught:
            parse(text, NOW, NOW.tzinfo)  # type: ignore[arg-type]
        assert caught.value.message in complaints._MESSAGES, text
        said.add(caught.value.message)
        assert 'class="notice complaint"' in page(viewer, asked(text))
    assert said == set(complaints._MESSAGES)


@pytest.mark.parametrize(
    "query",
    ["sort=x", "by=x", "cols=x", "cols=", "after=1.2", "after=severity.0.9.1.1", "before=x.y.z", "after=severity",
     "after=severity.0.5.999999999999999999.1", "after=severity.7.1", "sort=closed&after=severity.0.5.1.1", "q=%00",
     "sort=oldest&before=oldest.0.999999999999999999.1", "q=%FF", "q=" + "a" * 5000, "q=%27%22)--", "q=%5C",
     "by=asset&after=asset.9.9.9", "by=asset&before=asset.5.999999999999999999.1", "by=vulnerability&after=asset.1.1.1",
     "after=severity.0.5.1.1&before=severity.0.5.1.1", "q=f-99999999999999999999", "by=team&after=x", "remember="],
)  # fmt: skip
def test_nothing_in_the_address_breaks_the_page(query: str, viewer: Client, street: Any) -> None:
    street.finding()
    assert viewer.get(f"/findings/?{query}").status_code in (200, 302)
    assert viewer.get(f"/findings/facets/?{query}").status_code == 200


# --- order and pages -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sort", ["severity", "first-seen", "oldest", "closed"])
def test_pages_lead_on_and_back_without_loss_or_repetition(
    sort: str, viewer: Client, street: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(views, "PAGE_SIZE", 3)
    for number in range(11):
        street.finding(
            severity=Severity(number % 3 + 1), seen=NOW - timedelta(minutes=number // 4), open=number % 2 == 0
        )
    forth, address = [], f"/findings/?q=&sort={sort}"
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


def test_orders(viewer: Client, street: Any) -> None:
    old = street.finding(severity=Severity.LOW, seen=NOW - timedelta(days=9))
    closed = street.finding(severity=Severity.LOW, seen=NOW - timedelta(days=5), open=False)
    new = street.finding(severity=Severity.HIGH, seen=NOW - timedelta(days=1))
    assert shown(viewer, "/findings/?q=") == [new.id, closed.id, old.id]
    assert shown(viewer, "/findings/?q=&sort=first-seen") == [new.id, closed.id, old.id]
    assert shown(viewer, "/findings/?q=&sort=oldest") == [old.id, closed.id, new.id]
    assert shown(viewer, "/findings/?q=&sort=closed") == [closed.id, new.id, old.id]


def test_heads_say_and_change_the_order(viewer: Client, street: Any) -> None:
    street.finding()
    text = page(viewer, "/findings/")
    assert re.search(r'class="c-severity" aria-sort="descending"', text)
    assert 'href="/findings/?sort=first-seen"' in text
    text = page(viewer, "/findings/?sort=first-seen")
    assert re.search(r'class="c-seen" aria-sort="descending"><a id="sort-seen" href="/findings/\?sort=oldest"', text)


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
    assert shown(viewer, "/findings/?before=severity.0.5.9999999999999999.999") == [only.id]


def _link(text: str, rel: str) -> str:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', text)
    return unescape(found[1]) if found else ""


def test_the_total_is_bounded(viewer: Client, street: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(views, "MOST_COUNTED", 2)
    for said in ("1 finding", "2 findings", "more than 2 findings"):
        street.finding()
        assert re.search(rf'class="total" role="status">{said}\s*<', page(viewer, "/findings/"))


# --- columns ---------------------------------------------------------------------------------------------------------


def heads(text: str) -> list[str]:
    return re.findall(r'<th role="columnheader" scope="col" class="c-([a-z]+)"', text)[1:]


def test_columns_are_the_addresss_else_the_browsers_else_the_usual(viewer: Client, street: Any) -> None:
    street.finding()
    usual = heads(page(viewer, "/findings/"))
    assert usual == ["severity", "id", "title", "package", "versions", "asset", "seen"]
    assert heads(page(viewer, asked("is:closed or is:open"))) == [
        *(name for name in usual if name != "versions"),
        "state",
    ]
    assert heads(page(viewer, "/findings/?cols=sources,closed")) == ["id", "sources", "closed"]
    assert heads(page(viewer, "/findings/")) == usual
    answer = viewer.get("/findings/?q=is:open&cols=severity&cols=location&cols=id&remember=these")
    assert answer["Location"] == "/findings/?cols=severity%2Cid%2Clocation"
    assert heads(page(viewer, "/findings/")) == ["severity", "id", "location"]
    viewer.get("/findings/?cols=severity&remember=usual")
    assert heads(page(viewer, "/findings/")) == usual


def test_every_column_is_shown(viewer: Client, street: Any) -> None:
    from kairan.web.findings.columns import LABELS

    street.finding(location="pom.xml", open=False)
    text = page(viewer, f"/findings/?q=&cols={','.join(LABELS)}")
    assert heads(text) == list(LABELS)
    assert all(f'class="c-{name}"' in text.partition("<tbody")[2] for name in LABELS)


# --- groups ----------------------------------------------------------------------------------------------------------


def groups(text: str) -> list[tuple[str, str, int]]:
    """Name, address, and how many findings of each group."""
    body = text.partition("<tbody")[2].partition("</tbody")[0]
    found = re.findall(
        r'class="c-id"><a href="([^"]*)".*?<bdi class="id"[^>]*>(.*?)</bdi>.*?class="c-number">(\d+)<', body, re.S
    )
    return [(unescape(name), unescape(address), int(number)) for address, name, number in found]


@pytest.mark.parametrize("by", ["vulnerability", "asset", "package"])
@pytest.mark.parametrize("query", ["is:open", "", "is:open -package:none"])
def test_a_group_leads_to_its_findings(by: str, query: str, viewer: Client, street: Any) -> None:
    for number in range(6):
        street.finding(
            id=f"CVE-2026-{number % 2}",
            package=("openssl", "zlib, 1", "a (b)")[number % 3],
            asset=f"registry.example/{number}" if number < 3 else "web",
            severity=Severity(number % 3 + 2),
            open=number != 5,
        )
    found = groups(page(viewer, asked(query) + f"&by={by}"))
    assert len(found) == {"vulnerability": 2, "asset": 4, "package": 3}[by]
    for name, address, number in found:
        assert len(shown(viewer, address)) == number, name
    assert sum(number for _, _, number in found) == len(shown(viewer, asked(query)))


def test_a_group_by_asset_leads_to_assets_of_its_kind_only(viewer: Client, street: Any) -> None:
    for kind in ("host", "host", "image"):
        street.finding(asset="web-1", asset_kind=kind)
    for query in ("is:open", "is:open asset-kind:host"):
        text = page(viewer, asked(query) + "&by=asset")
        assert "shares the name comes along" in text
        for name, address, number in groups(text):
            assert len(shown(viewer, address)) == number, name
        assert "asset-kind%3Ahost+asset-kind%3Ahost" not in text


def test_groups_page_on_and_back(viewer: Client, street: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(views, "PAGE_SIZE", 2)
    for number in range(5):
        street.finding(asset=f"web-{number}", severity=Severity(number % 2 + 3))
    for query in ("is:open", "is:open -package:x"):
        forth, address = [], asked(query) + "&by=asset"
        while address:
            forth.append([name for name, _, _ in groups(page(viewer, address))])
            last, address = address, _link(page(viewer, address), "next")
        assert [len(each) for each in forth] == [2, 2, 1]
        back, address = [], last
        while address:
            back.append([name for name, _, _ in groups(page(viewer, address))])
            address = _link(page(viewer, address), "prev")
        assert back[::-1] == forth


def test_groups_of_some_findings_only_say_so(viewer: Client, street: Any, monkeypatch: Any) -> None:
    from kairan.web.findings import groups as grouping

    whole = grouping.groups
    monkeypatch.setattr(grouping, "groups", lambda *args, **said: whole(*args, **said, most=2))
    for number in range(4):
        street.finding(severity=Severity.CRITICAL if number else Severity.LOW)
    text = page(viewer, "/findings/?by=vulnerability")
    assert "Groups of the worst 2 findings only" in text
    assert len(groups(text)) == 2


def test_nothing_belongs_to_a_team_yet(viewer: Client, street: Any) -> None:
    street.finding()
    assert "No team owns anything yet" in page(viewer, "/findings/?by=team")


def test_findings_say_whose_they_are_and_are_grouped_by_team(viewer: Client, street: Any) -> None:
    from kairan.store.models import Owner, Team

    team = Team.objects.create(key="pay", name="Pay <b>", language="", time_zone="UTC", settings={})
    first, second = street.finding(), street.finding()
    said = {"asset": first.asset_id, "is_open": True, "severity": first.severity}
    Owner.objects.create(finding=first.pk, team=team, rule=1, **said)
    rows = page(viewer, "/findings/")
    assert rows.count(">Pay &lt;b&gt;<") == 1
    assert rows.count("nobody's") == 1
    text = page(viewer, "/findings/?by=team")
    assert 'href="/findings/?q=is%3Aopen+team%3Apay"' in text
    assert 'href="/findings/?q=is%3Aopen+is%3Aunowned"' in text
    left = page(viewer, "/findings/?q=is:unowned")
    assert second.vulnerability.primary_id in left
    assert first.vulnerability.primary_id not in left
    assert "q=is%3Aopen+team%3Apay" in page(viewer, "/findings/facets/")


@pytest.mark.parametrize(
    "rest", ["/", "/?by=vulnerability", "/?by=asset", "/?by=package", "/facets/", "/?cols=location"]
)
def test_text_of_reports_and_queries_stays_text(rest: str, viewer: Client, street: Any) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u202e"
    street.finding(id=f"CVE {evil}", title=evil, package=evil, asset=evil, location=evil, installed=evil, fixed=evil)
    for query in ("", f'package:"{evil.replace(chr(34), "*")}"', evil):
        address = f"/findings{rest}{'&' if '?' in rest else '?'}q={quote(query)}"
        text = page(viewer, address)
        assert "<script>" not in text
        assert "<img" not in text


# --- nothing to show -------------------------------------------------------------------------------------------------


def test_empty_because_nothing_was_imported(viewer: Client, person: Any) -> None:
    text = page(viewer, "/findings/")
    assert "kairan import REPORT.json" in text
    assert "Upload a report" not in text
    client = Client()
    client.force_login(person("triager"))
    assert "Upload a report" in page(client, "/findings/")


def test_empty_because_all_is_well(viewer: Client, street: Any) -> None:
    street.run()
    text = page(viewer, "/findings/")
    assert "All is well" in text
    assert "2026-07-03 12:00:00 (UTC)" in text
    street.finding(open=False)
    assert "All is well" in page(viewer, "/findings/")


def test_empty_because_the_filter_hides_all(viewer: Client, street: Any) -> None:
    street.finding()
    text = page(viewer, asked("zzz severity:low"))
    assert "The filter hides all" in text
    assert 'href="/findings/?q=severity%3Alow">Without zzz<' in text
    assert 'href="/findings/?q=zzz">Without severity:low<' in text
    assert 'href="/findings/">' in text


def test_a_page_behind_the_last_one_is_not_taken_for_an_empty_list(viewer: Client, street: Any) -> None:
    street.finding()
    text = page(viewer, "/findings/?after=severity.0.0.1.1")
    assert "hides all" not in text
    assert "All is well" not in text
    assert "Go to the first page" in text


def test_queries_do_not_grow_with_the_rows(viewer: Client, street: Any, django_assert_num_queries: Any) -> None:
    for rows in (1, 20):
        for _ in range(rows):
            street.finding()
        with django_assert_num_queries(6):  # session, person, count, rows, views, teams
            page(viewer, "/findings/")
        with django_assert_num_queries(5):
            page(viewer, "/findings/?by=asset")


def test_other_pages_have_the_bar_too(viewer: Client, street: Any) -> None:
    text = page(viewer, f"/findings/F-{street.finding().id}/")
    assert bar(text) == ""
    assert 'action="/findings/"' in text
