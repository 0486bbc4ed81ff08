"""The list of assets, and the page of one."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from kairan.domain.severity import Severity

from .conftest import NOW

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7 }}‮{% now %}"


def page(client: Client, address: str = "/assets/") -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def plain(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def names(text: str) -> list[str]:
    return re.findall(r'class="c-id"><a [^>]*><bdi class="name">([^<]*)</bdi>', text)


class TestList:
    def test_worst_first_or_by_name(self, viewer: Client, street: Any) -> None:
        for asset, severity in (("bbb", Severity.CRITICAL), ("aaa", Severity.LOW), ("ccc", Severity.HIGH)):
            street.finding(asset=asset, severity=severity)
        street.finding(asset="bare", open=False)
        assert names(page(viewer)) == ["bbb", "ccc", "aaa", "bare"]
        assert names(page(viewer, "/assets/?sort=name")) == ["aaa", "bare", "bbb", "ccc"]

    def test_one_critical_weighs_more_than_many_lesser(self, viewer: Client, street: Any) -> None:
        for _ in range(5):
            street.finding(asset="many")
        street.finding(asset="grave", severity=Severity.CRITICAL)
        assert names(page(viewer)) == ["grave", "many"]

    def test_filters_by_any_name_and_by_kind(self, viewer: Client, street: Any) -> None:
        from kairan.store.models import AssetName

        finding = street.finding(asset="registry.example/shop")
        street.finding(asset="web-1", asset_kind="host")
        AssetName.objects.create(asset=finding.asset, value="Storefront")
        assert names(page(viewer, "/assets/?q=STOREFRONT")) == ["registry.example/shop"]
        assert names(page(viewer, "/assets/?q=shop+registry")) == ["registry.example/shop"]
        assert names(page(viewer, "/assets/?kind=host")) == ["web-1"]
        assert names(page(viewer, "/assets/?q=%25")) == []

    @pytest.mark.parametrize("sort", ["worst", "name"])
    def test_pages_meet_every_asset_once(
        self, sort: str, viewer: Client, street: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("kairan.web.assets.views.PAGE_SIZE", 3)
        for number in range(10):
            street.finding(asset=f"shop-{number}", severity=Severity(number % 3 + 2))
        seen: list[str] = []
        address = f"/assets/?sort={sort}&q=shop"
        while address:
            text = page(viewer, address)
            seen += names(text)
            more = re.search(r'rel="next" href="([^"]*)', text)
            address = more[1].replace("&amp;", "&") if more else ""
        assert sorted(seen) == [f"shop-{number}" for number in range(10)]

    @pytest.mark.parametrize(
        "query", ["after=x", "after=-1", "after=" + "9" * 30, "sort=x", "q=%00", "kind=%00", "after=²"]
    )
    def test_an_edited_address_is_no_error(self, query: str, viewer: Client, street: Any) -> None:
        street.finding()
        page(viewer, f"/assets/?{query}")

    def test_each_emptiness_has_its_way_on(self, viewer: Client, street: Any) -> None:
        assert "kairan import REPORT.json" in page(viewer)
        street.finding()
        text = page(viewer, "/assets/?q=nothing-like-this")
        assert "The filter hides all assets" in text
        assert 'href="/assets/"' in text

    def test_says_when_it_was_last_looked_at_also_in_part(self, viewer: Client, street: Any) -> None:
        from kairan.store.models import Scope, Snapshot

        street.finding()
        assert "2026-07-03 12:00:00 (UTC)" in page(viewer)
        Scope.objects.update(watermark=None)
        Snapshot.objects.create(scope=street.scope, run=street.run(), as_of=NOW + timedelta(days=1), complete=False)
        assert "2026-07-04 12:00:00 (UTC)" in page(viewer)

    def test_costs_no_more_with_more_assets(self, viewer: Client, street: Any, django_assert_num_queries: Any) -> None:
        for number in range(20):
            street.finding(asset=f"shop-{number}")
        with django_assert_num_queries(5):  # session, person, page, last looks, kinds
            page(viewer)


class TestPage:
    def test_says_what_it_is_and_who_looks_at_it(self, viewer: Client, street: Any) -> None:
        from kairan.store.models import AssetName, Finding

        finding = street.finding(asset="registry.example/shop")
        finding.asset.attributes = {"account": "123", "tags": {"team": "x"}, "empty": ""}
        finding.asset.save()
        AssetName.objects.create(asset=finding.asset, value="storefront")
        Finding.objects.update(traits=["cluster:prod", "namespace:shop", "source:trivy", "kind:vulnerability"])
        text = plain(page(viewer, f"/assets/{finding.asset_id}/"))
        for said in ("Container image", "storefront", "123", "team=x", "prod", "shop", "trivy", "1 open finding"):
            assert said in text

    def test_counts_lead_to_the_lists(self, viewer: Client, street: Any) -> None:
        asset = street.finding(asset="web 1", asset_kind="host", severity=Severity.CRITICAL).asset_id
        street.finding(asset="web 1", asset_kind="host", open=False)
        text = page(viewer, f"/assets/{asset}/")
        assert "is%3Aopen+severity%3Acritical+asset-kind%3Ahost+asset%3A%22web+1%22" in text
        assert "is%3Aclosed+asset-kind%3Ahost" in text

    def test_shows_the_worst_findings_and_how_many_there_are(
        self, viewer: Client, street: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("kairan.web.assets.sheet.PAGE_SIZE", 1)
        street.finding(id="CVE-1-1", severity=Severity.LOW)
        asset = street.finding(id="CVE-2-2", severity=Severity.HIGH).asset_id
        text = page(viewer, f"/assets/{asset}/")
        assert "CVE-2-2" in text
        assert "CVE-1-1" not in text
        assert "All 2 open findings as a list" in text

    def test_unknown_and_absurd_numbers(self, viewer: Client, street: Any) -> None:
        for number in ("0", "99999", "9" * 30):
            assert viewer.get(f"/assets/{number}/").status_code == 404

    def test_nothing_open_is_said(self, viewer: Client, street: Any) -> None:
        text = page(viewer, f"/assets/{street.finding(open=False).asset_id}/")
        assert "nothing open" in text
        assert "None is needed: nothing is open here." in text
        assert "every finding here is closed" in text

    @pytest.mark.parametrize("language", ["en", "ja"])
    def test_hostile_texts_are_texts(self, language: str, person: Any, street: Any) -> None:
        client = Client()
        client.force_login(person("viewer", language=language))
        finding = street.finding(
            id=HOSTILE, title=HOSTILE, package=HOSTILE, asset=HOSTILE, asset_kind=HOSTILE, location=HOSTILE,
            installed=HOSTILE, fixed=HOSTILE,
        )  # fmt: skip
        finding.asset.attributes = {HOSTILE: HOSTILE}
        finding.asset.save()
        finding.traits = ["fix:known", f"cluster:{HOSTILE}"]
        finding.save()
        for address in ("/assets/", f"/assets/{finding.asset_id}/"):
            text = page(client, address)
            for bad in ("<script>alert", "<img", "onerror=alert(2)>"):
                assert bad not in text

    def test_absurdly_long_names_do_not_break_it(self, viewer: Client, street: Any) -> None:
        finding = street.finding(asset="a" * 10_000, package="p" * 10_000)
        assert "a" * 10_000 in page(viewer, f"/assets/{finding.asset_id}/")
        assert len(page(viewer)) < 20_000

    def test_bars_show_each_week(self, viewer: Client, street: Any) -> None:
        from django.utils import timezone

        now = timezone.now()
        for days in (0, 0, 8):
            asset = street.finding(seen=now - timedelta(days=days)).asset_id
        text = page(viewer, f"/assets/{asset}/")
        assert text.count("<rect") == 52
        assert "In the last 26 weeks 3 opened and 0 closed." in text


class TestFixes:
    def fixes(self, street: Any, *said: dict[str, Any], ecosystem: str = "maven") -> Any:
        from kairan.store.models import Finding, Package
        from kairan.store.queries import asset_fixes

        for each in said:
            finding = street.finding(**{"package": "log4j", "installed": "2.14.0"} | each)
        Finding.objects.filter(is_open=True).update(traits=["fix:known"])
        Package.objects.update(ecosystem=ecosystem)
        return asset_fixes.best(finding.asset_id, most=10)

    def test_a_newer_version_closes_what_older_ones_fixed(self, db: None, street: Any) -> None:
        found = self.fixes(street, {"fixed": "2.15.0"}, {"fixed": "2.17.1"}, {"fixed": "2.3.1, 2.12.2, 2.16.0"})
        [fix] = found.best
        assert (fix.version, fix.closed) == ("2.17.1", 3)

    def test_nobody_is_sent_further_than_needed(self, db: None, street: Any) -> None:
        [fix] = self.fixes(street, {"fixed": "2.15.0, 3.0.0"}, {"fixed": "2.15.1, 3.0.0"}).best
        assert (fix.version, fix.closed) == ("2.15.1", 2)

    def test_where_the_order_is_unknown_only_the_named_version_counts(self, db: None, street: Any) -> None:
        [fix] = self.fixes(street, {"fixed": "5.0.A"}, {"fixed": "6.0.B"}, {"fixed": "6.0.B"}).best
        assert (fix.version, fix.closed) == ("6.0.B", 2)

    def test_manifests_are_upgraded_one_by_one(self, db: None, street: Any) -> None:
        found = self.fixes(street, {"fixed": "2.15.0", "location": "a/pom.xml"}, {"fixed": "2.15.0", "location": "b"})
        assert [(fix.location, fix.closed) for fix in found.best] == [("a/pom.xml", 1), ("b", 1)]

    def test_a_critical_one_comes_before_many_others(self, db: None, street: Any) -> None:
        found = self.fixes(
            street,
            {"fixed": "2", "package": "many"},
            {"fixed": "2", "package": "many"},
            {"fixed": "9", "package": "grave", "severity": Severity.CRITICAL},
        )
        assert [fix.package for fix in found.best] == ["grave", "many"]
        assert found.best[0].by_severity == [(Severity.CRITICAL, 1)]

    def test_closed_ones_and_those_without_a_fix_do_not_count(self, db: None, street: Any) -> None:
        found = self.fixes(street, {"fixed": "2.15.0", "open": False}, {"fixed": ""}, {"fixed": "2.15.0"})
        assert [fix.closed for fix in found.best] == [1]

    def test_is_bounded_and_says_so(self, db: None, street: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("kairan.store.queries.asset_fixes.MOST", 2)
        found = self.fixes(street, *({"fixed": "2.15.0"} for _ in range(3)))
        assert found.bounded
        assert found.looked_at == 2

    def test_the_page_names_them(self, viewer: Client, street: Any) -> None:
        self.fixes(street, {"fixed": "2.15.0"}, {"fixed": "2.17.1"})
        asset = street.finding(open=False).asset_id
        text = plain(page(viewer, f"/assets/{asset}/"))
        assert "Upgrade log4j to 2.17.1" in text
        assert "closes 2 findings" in text

    def test_the_link_beside_an_upgrade_leads_to_its_package_in_its_place_and_says_so(
        self, viewer: Client, street: Any
    ) -> None:
        self.fixes(street, {"fixed": "2.15.0"}, {"fixed": ""}, {"fixed": "", "location": "a/pom.xml"})
        asset = street.finding(package="other").asset_id
        text = page(viewer, f"/assets/{asset}/")
        [address] = re.findall(r'<a href="([^"]+)">All open of this package here<', text)
        assert [row.package for row in viewer.get(unescape(address)).context["page"].rows] == ["log4j", "log4j"]
