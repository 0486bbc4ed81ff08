"""Teams and what nobody owns, as pages and in the API; owners on the pages of vulnerabilities and assets."""

import re
from typing import Any

import pytest
from django.test import Client

from kairan.domain.severity import Severity
from tests.web.api import Script, script_of


def text(answer: Any) -> str:
    """What a reader sees, with spaces made one."""
    seen = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", seen)


@pytest.fixture
def script(person: Any) -> Script:
    return script_of(person("viewer", username="hanako"))


@pytest.fixture
def owned(street: Any) -> Any:
    """Two findings of a team's image, one of an image that is nobody's, a workload and a repository too."""
    from kairan.store.models import Owner, Ownership, Team

    team = Team.objects.create(
        key="shop",
        name="Shop <b>",
        language="ja",
        time_zone="Asia/Tokyo",
        settings={"channels": {"preview": {"id": "C1", "name": "shop-alerts"}}, "others": ["ghost@example.com"]},
    )
    Ownership.objects.create(position=3, team=team, matches={"image": ["*/shop"], "owners": {"@a/b": "shop"}})
    for number in range(2):
        finding = street.finding(id=f"CVE-2026-{number}", asset="registry.example/shop")
        said = {"asset": finding.asset_id, "is_open": finding.is_open, "severity": finding.severity}
        Owner.objects.create(finding=finding.pk, team=team, rule=3, **said)
    street.finding(id="CVE-2026-0", asset="registry.example/else", severity=Severity.CRITICAL)
    street.finding(id="CVE-2026-1", asset="registry.example/else", severity=Severity.LOW)
    return team


def test_a_team_shows_what_is_open_where_it_is_told_and_who_is_missing(viewer: Client, owned: Any) -> None:
    page = text(viewer.get("/teams/shop/"))
    assert "Open findings 2" in page
    assert "shop-alerts" in page
    assert "ghost@example.com no account yet" in page
    assert "@a/b → shop" in page
    html = viewer.get("/teams/").content.decode()
    assert "Shop <b>" not in html
    assert 'href="/findings/?q=is%3Aopen+team%3Ashop"' in html


def test_the_lists_it_leads_to_hold_what_it_counts(viewer: Client, owned: Any) -> None:
    assert "CVE-2026-1" in text(viewer.get("/findings/?q=is%3Aopen+team%3Ashop"))
    page = text(viewer.get("/findings/?q=is%3Aopen+is%3Aunowned"))
    assert "registry.example/else" in page
    assert "registry.example/shop" not in page


def test_what_nobody_owns_is_a_queue_the_worst_first(viewer: Client, owned: Any, street: Any) -> None:
    street.finding(id="CVE-2026-7", asset="registry.example/third", severity=Severity.HIGH)
    page = text(viewer.get("/unowned/"))
    assert "2 assets" in page
    assert page.index("registry.example/else") < page.index("registry.example/third")
    assert "registry.example/shop" not in page
    assert "2 critical 1, high 0" in page
    assert "There is nothing so far down" in text(viewer.get("/unowned/?page=2"))
    for asked in ("?page=x", "?page=-1", "?asset=x", "?asset=999999999999999999", "?asset=1&team=%00"):
        assert viewer.get(f"/unowned/{asked}").status_code == 200


def test_the_queue_follows_what_becomes_of_findings(viewer: Client, owned: Any, street: Any) -> None:
    from kairan.store.models import Finding, Owner

    finding = street.finding(id="CVE-2026-7", asset="registry.example/third", severity=Severity.HIGH)
    assert "3 assets" not in text(viewer.get("/unowned/"))
    said = {"asset": finding.asset_id, "is_open": True, "severity": finding.severity}
    Owner.objects.create(finding=finding.pk, team=owned, rule=3, **said)
    assert "registry.example/third" not in text(viewer.get("/unowned/"))
    assert "Open findings 3" in text(viewer.get("/teams/shop/"))
    Finding.objects.filter(pk=finding.pk).update(is_open=False, closed_at=finding.first_seen, close_reason="absent")
    page = text(viewer.get("/unowned/"))
    assert "1 asset" in page, "closed already and not routed yet: nothing less than nothing"
    Owner.objects.filter(finding=finding.pk).update(is_open=False)
    assert "Open findings 2" in text(viewer.get("/teams/shop/"))
    Owner.objects.all().delete()
    assert "Open findings 0" in text(viewer.get("/teams/shop/"))
    assert "registry.example/shop" in text(viewer.get("/unowned/"))


def test_a_rule_is_made_of_it_that_the_checker_takes(viewer: Client, owned: Any) -> None:
    import html
    import re
    from datetime import UTC, datetime

    from kairan.services.config_file.checking import check_text
    from kairan.store.models import Asset

    asset = Asset.objects.get(name="registry.example/else")
    page = viewer.get(f"/unowned/?asset={asset.pk}&team=shop").content.decode()
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    assert found
    lines = html.unescape(found[1])
    checked = check_text(f"teams: [{{key: shop}}]\nownership:\n{lines}\n", "k", datetime.now(UTC))
    assert checked.complaints == ()
    assert checked.config is not None
    assert checked.config.ownership[0].image == ("registry.example/else",)


@pytest.mark.parametrize(
    ("kind", "name", "attributes", "expected"),
    [
        ("repository", "github.com/acme/web", {}, {"repository": "acme/web"}),
        ("workload", "Deployment/x", {"cluster": "prod", "namespace": "on"}, {"cluster": "prod", "namespace": "on"}),
        ("cloud_resource", "arn", {"account": "000000001101"}, {"account": "000000001101"}),
        ("host", "web 1: #", {}, {"query": 'asset:"web 1: #"'}),
    ],
)
def test_a_rule_says_what_tells_the_asset(kind: str, name: str, attributes: Any, expected: dict[str, str]) -> None:
    import yaml

    from kairan.domain.ownership_rule import conditions, snippet

    assert conditions(kind, name, attributes) == expected
    assert yaml.safe_load(snippet("shop", kind, name, attributes)) == [{"team": "shop"} | expected]


def test_pages_of_a_vulnerability_and_an_asset_say_whose_it_is(viewer: Client, owned: Any) -> None:
    from kairan.store.models import Asset

    page = text(viewer.get("/vulnerabilities/CVE-2026-0/"))
    assert "Shop &lt;b&gt; 1 by ownership rule 3" in page
    assert "nobody's 1" in page
    asset = Asset.objects.get(name="registry.example/shop")
    assert "Shop &lt;b&gt; 2 by ownership rule 3" in text(viewer.get(f"/assets/{asset.pk}/"))


def test_with_everything_owned_the_queue_says_so(viewer: Client, street: Any) -> None:
    assert "Everything that is open has an owner" in text(viewer.get("/unowned/"))


def test_the_api_lists_and_shows_teams(script: Script, owned: Any) -> None:
    [row] = script.get("/teams").json()["items"]
    assert (row["key"], row["open_findings"], row["open_cases"], row["retired"]) == ("shop", 2, 0, False)
    team = script.get("/teams/shop").json()
    assert team["channels"] == {"preview": "shop-alerts"}
    assert team["ownership"][0]["position"] == 3
    assert team["others"] == ["ghost@example.com"]
    assert script.get("/teams/none").status_code == 404
