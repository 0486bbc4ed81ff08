"""The pages about rules, coverage and noise, and the part of a finding's page that says why."""

from typing import Any

import pytest
from django.test import Client

from kairan.store.models import Case
from tests.reports import day, record, records, report, take
from tests.services.insight import URGENT, bring, number_of, put

pytestmark = pytest.mark.usefixtures("store", "archive_home")


def page(viewer: Client, address: str) -> str:
    answer = viewer.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_without_a_configuration_the_default_rule_is_shown(viewer: Client) -> None:
    text = page(viewer, "/rules/")
    assert "No kairan.yaml is applied" in text
    assert "severity:&gt;=high" in text


def test_a_rule_leads_to_its_findings_and_cases_and_can_be_tried(viewer: Client) -> None:
    put(URGENT)
    bring(report(record()))
    text = page(viewer, "/rules/")
    assert 'href="/cases/?rule=urgent"' in text
    assert "1 open" in text
    assert 'action="/rules/urgent/try/"' in text


def test_no_rule_at_all_says_what_to_do(viewer: Client) -> None:
    put()
    assert "kairan config apply" in page(viewer, "/rules/")


def test_trying_shows_cases_and_messages_beside_one_for_each_finding(viewer: Client) -> None:
    put(URGENT)
    take(report(at=day(1)), report(*records(3), at=day(3)))
    text = page(viewer, "/rules/urgent/try/?days=3660")
    assert "One for each finding" in text
    assert ">psirt<" in text


@pytest.mark.parametrize("days", ["0", "x", "99999", "-1", "٣"])
def test_an_odd_number_of_days_is_the_usual_one(viewer: Client, days: str) -> None:
    assert "in 30 days" in page(viewer, f"/rules/urgent/try/?days={days}")


def test_a_rule_that_does_not_exist_is_no_page(viewer: Client) -> None:
    assert viewer.get("/rules/nothing/try/").status_code == 404


def test_too_much_for_the_page_names_the_command(viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kairan.web.rules.views.MOST_STEPS", 2)
    take(report(at=day(1)), report(*records(3), at=day(3)))
    assert "kairan rules try urgent --days 365" in page(viewer, "/rules/urgent/try/?days=365")


def test_a_finding_says_why(viewer: Client) -> None:
    put(URGENT)
    bring(report(record()))
    text = page(viewer, f"/findings/F-{number_of('CVE-2026-0001')}/")
    assert "opened the case" in text
    assert 'href="/teams/shop/"' in text
    assert "preview #shop" in text


def test_a_case_says_why_by_its_worst_finding(viewer: Client) -> None:
    put(URGENT)
    bring(report(record()))
    number = Case.objects.get().pk
    assert f'href="/cases/C-{number}/why/"' in page(viewer, f"/cases/C-{number}/")
    text = page(viewer, f"/cases/C-{number}/why/")
    assert "its worst finding, as an example" in text
    assert "opened the case" in text
    assert viewer.get("/cases/C-999/why/").status_code == 404


def test_coverage_answers_every_question(viewer: Client) -> None:
    put(URGENT)
    bring(report(record(), image="other:1"))
    text = page(viewer, "/coverage/")
    assert "1 open finding" in text
    assert "What cannot be known yet" in text


def test_noise_says_that_nothing_was_told_and_then_what(viewer: Client) -> None:
    assert "Nobody was told anything" in page(viewer, "/noise/")


@pytest.mark.parametrize("address", ["/rules/", "/rules/urgent/try/", "/coverage/", "/noise/?days=180&within=3"])
def test_in_japanese_too(viewer: Client, address: str) -> None:
    viewer.post("/language/", {"language": "ja", "next": "/"})
    assert 'lang="ja"' in page(viewer, address)


def test_the_api_says_the_same(viewer: Client, person: Any) -> None:
    put(URGENT)
    bring(report(record()))
    found = viewer.get(f"/api/v1/findings/F-{number_of('CVE-2026-0001')}/why").json()
    assert [rule["match"] for rule in found["rules"]] == ["opened"]
    assert found["owner"] == {"team": "shop", "position": 1, "asks": [["image", "*/shop, shop"]]}
    assert {told["reason"] for told in found["told"]} == {"sent"}
    assert viewer.get("/api/v1/findings/F-999/why").status_code == 404
    assert {each["gap"] for each in viewer.get("/api/v1/coverage").json()["sections"]} >= {"unowned", "overdue"}
    assert viewer.get("/api/v1/noise?days=30").json()["without_action"] in ([], ["urgent"])
    assert viewer.get("/api/v1/noise?days=0").status_code in {400, 422}
