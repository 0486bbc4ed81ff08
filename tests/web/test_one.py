"""The page of one finding."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from kairan.domain.severity import Severity

from .conftest import NOW


def page(client: Client, finding: Any) -> str:
    answer = client.get(f"/findings/F-{finding.id}/")
    assert answer.status_code == 200
    return answer.content.decode()


def plain(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", text).split())


def test_says_what_to_do_first(viewer: Client, street: Any) -> None:
    text = plain(page(viewer, street.finding(package="openssl", installed="1.0.1", fixed="1.0.2")))
    assert "Upgrade openssl from 1.0.1 to 1.0.2" in text


def test_a_control_shows_its_remedy_and_a_secret_what_to_revoke(viewer: Client, street: Any) -> None:
    control = street.finding(kind="misconfiguration", id="KSV-1", package="", fixed="", remediation="Set runAsNonRoot")
    secret = street.finding(kind="secret", id="aws-key", package="", fixed="")
    assert "Set runAsNonRoot" in page(viewer, control)
    assert "Revoke this secret" in page(viewer, secret)


def test_without_a_fix_it_says_so_and_what_the_vendor_says(viewer: Client, street: Any) -> None:
    text = page(viewer, street.finding(fixed="", status="will_not_fix"))
    assert "No fixed version is known." in text
    assert "The vendor will not fix it" in text


def test_shows_all_that_is_known(viewer: Client, street: Any) -> None:
    finding = street.finding(
        id="CVE-2021-44228", ids=["GHSA-jfh8-c2jp-5v3q"], severity=Severity.CRITICAL, severity_source="ghsa",
        occurrences=[{"path": "a.jar", "tag": "1.2"}, {"path": "b.jar", "vendor_ids": ["X-1", "X-2"], "new": {"a": 1}}],
    )  # fmt: skip
    street.event(finding, "changed", severity=[4, 5], fixed=["", "2.15.0"])
    street.event(finding, "sighted", scope=street.scope.id)
    street.event(finding, "merged", finding=77)
    street.event(finding, "flown_to_the_moon", rocket="R7")
    text = page(viewer, finding)
    for said in ("GHSA-jfh8-c2jp-5v3q", "a.jar", "b.jar", "X-1, X-2", "CVSS:3.1/AV:N/AC:L", "8.1", "CWE-79"):
        assert said in text
    words = plain(text)
    assert "according to ghsa" in words
    assert "Severity High → Critical" in words
    assert "Scope registry.example/shop:1.2" in words
    assert "flown_to_the_moon rocket R7" in words
    assert 'href="/findings/F-77/"' in text


def test_a_live_sighting_was_last_seen_at_the_watermark(viewer: Client, street: Any) -> None:
    finding = street.finding(seen=NOW - timedelta(days=3))
    street.scope.watermark = NOW + timedelta(days=2, seconds=7)
    street.scope.save()
    assert "2026-07-05 12:00:07 (UTC)" in page(viewer, finding)


def test_a_closed_one_says_why(viewer: Client, street: Any) -> None:
    text = plain(page(viewer, street.finding(open=False, reason="asset_gone")))
    assert "Nothing: it is closed. The asset is gone." in text
    assert "Asset gone" in text


def test_a_merged_one_leads_on(viewer: Client, street: Any) -> None:
    kept, gone = street.finding(), street.finding(open=False)
    gone.merged_into = kept
    gone.save()
    answer = viewer.get(f"/findings/F-{gone.id}/")
    assert (answer.status_code, answer["Location"]) == (302, f"/findings/F-{kept.id}/")


def test_ids_in_any_case_and_unknown_ones(viewer: Client, street: Any) -> None:
    finding = street.finding()
    assert viewer.get(f"/findings/f-{finding.id}/").status_code == 200
    for address in ("F-999999999", "F-" + "9" * 18, "F-" + "9" * 30, "F-1x", "123", "F-0"):
        answer = viewer.get(f"/findings/{address}/")
        assert answer.status_code == 404
        assert "There is nothing at this address" in answer.content.decode()


HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7 }}‮{% now %}"


@pytest.mark.parametrize("language", ["en", "ja"])
def test_hostile_texts_are_texts(language: str, person: Any, street: Any) -> None:
    client = Client()
    client.force_login(person("viewer", language=language, name=HOSTILE))
    finding = street.finding(
        id=HOSTILE, ids=[HOSTILE + "2"], title=HOSTILE, description=HOSTILE, package=HOSTILE, asset=HOSTILE,
        location=HOSTILE, installed=HOSTILE, fixed=HOSTILE, status=HOSTILE, severity_source=HOSTILE, cwes=[HOSTILE],
        remediation=HOSTILE, occurrences=[{HOSTILE: HOSTILE}], asset_kind=HOSTILE, kind=HOSTILE,
        cvss=[{"by": HOSTILE, "version": HOSTILE, "vector": HOSTILE, "score": None}],
        links=["javascript:alert(3)", " javascript:alert(4)", "data:text/html,x", "https://ok.example/", "http://["],
    )  # fmt: skip
    street.event(finding, HOSTILE, **{HOSTILE: [HOSTILE, HOSTILE]})
    listing = client.get("/findings/", {"q": "<script>"}).content.decode()
    assert "c-id" in listing
    for text in (listing, page(client, finding)):
        assert "<script>alert" not in text
        assert "<img" not in text
        assert "onerror=alert(2)>" not in text
        assert re.findall(r'href="(?!/|#main"|https://ok\.example/|https://avd\.)([^"]*)', text) == []
    assert "javascript:alert(3)" in page(client, finding)
    assert 'href="https://ok.example/" rel="noopener noreferrer nofollow"' in page(client, finding)


def test_absurdly_long_names_stay_whole_on_the_page_and_short_in_the_list(viewer: Client, street: Any) -> None:
    finding = street.finding(package="p" * 10_000, asset="a" * 10_000)
    assert "p" * 10_000 in page(viewer, finding)
    assert len(viewer.get("/findings/").content) < 20_000


def test_queries_do_not_grow_with_the_sightings(viewer: Client, street: Any, django_assert_num_queries: Any) -> None:
    finding = street.finding(ids=["GHSA-aaaa-bbbb-cccc"])
    for number in range(20):
        street.event(finding, "sighted", scope=number)
    with django_assert_num_queries(7):  # session, person, finding, ids, sightings, advisories, events
        page(viewer, finding)
