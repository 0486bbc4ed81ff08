"""What the API answers: lists that go on, one of each, imports, decisions; problems for all that goes wrong."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings

from kairan.domain.severity import Severity
from tests.web.api import V1, Script, script_of

PROBLEM = "application/problem+json"


@pytest.fixture
def script(person: Any, archive_home: Any) -> Script:
    return script_of(person("administrator", username="hanako"))


def all_items(script: Script, path: str, **query: object) -> list[list[Any]]:
    """The pages of a list, followed by the `Link` header."""
    pages = []
    answer = script.get(path, **query)
    while True:
        assert answer.status_code == 200, answer.content
        told = answer.json()
        pages.append(told["items"])
        if told["next"] is None:
            assert "Link" not in answer
            return pages
        address, _, relation = answer["Link"].partition(">; ")
        assert relation == 'rel="next"'
        answer = script.client.get(address[1:], headers=script.headers)


def problem(answer: Any) -> tuple[int, str]:
    assert answer["Content-Type"] == PROBLEM
    assert answer["Cache-Control"] == "no-store"
    told = answer.json()
    assert told["status"] == answer.status_code
    return answer.status_code, told["type"].removeprefix("/api/v1/problems/")


@pytest.mark.parametrize("sort", ["severity", "first-seen", "oldest", "closed", "number"])
def test_the_list_goes_on_until_all_were_told_once(sort: str, script: Script, street: Any) -> None:
    made = {f"F-{street.finding(severity=Severity(n % 6), open=bool(n % 3)).pk}" for n in range(25)}
    pages = all_items(script, "/findings", sort=sort, limit=4)
    ids = [item["id"] for page in pages for item in page]
    assert [len(page) for page in pages] == [4, 4, 4, 4, 4, 4, 1]
    assert len(ids) == len(made)
    assert set(ids) == made


def test_a_list_needs_as_many_queries_for_many_as_for_one(
    script: Script, street: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        street.finding(asset=f"shop-{number}", package=f"p{number}")
    with django_assert_max_num_queries(8):
        assert len(script.get("/findings", q="is:open", limit=100).json()["items"]) == 30
    with django_assert_max_num_queries(6):
        assert len(script.get("/assets").json()["items"]) == 30


def test_a_row_says_what_the_page_says(script: Script, street: Any) -> None:
    street.finding(id="CVE-2026-1", title="Overflow", severity=Severity.CRITICAL, location="web/package-lock.json")
    [row] = script.get("/findings").json()["items"]
    assert row | {"id": "F-1"} == {
        "id": "F-1",
        "state": "open",
        "severity": "critical",
        "kind": "vulnerability",
        "vulnerability": "CVE-2026-1",
        "title": "Overflow",
        "asset_kind": "image",
        "asset": "registry.example/shop",
        "package": "openssl",
        "installed": "1.0.1",
        "fixed": "1.0.2",
        "location": "web/package-lock.json",
        "team": "",
        "sources": [],
        "first_seen": "2026-07-03T11:59:00Z",
        "closed_at": None,
        "close_reason": "",
    }


def test_the_query_language_is_the_pages_one(script: Script, street: Any) -> None:
    street.finding(severity=Severity.LOW)
    wanted = street.finding(severity=Severity.HIGH)
    street.finding(severity=Severity.HIGH, open=False)
    [row] = script.get("/findings", q="is:open severity:>=medium").json()["items"]
    assert row["id"] == f"F-{wanted.pk}"


def test_a_query_that_is_none_says_where(script: Script) -> None:
    answer = script.get("/findings", q="is:open sevrity:high")
    assert problem(answer) == (400, "bad-query")
    assert answer.json()["position"] == 8
    assert "severity" in answer.json()["detail"]


def test_one_finding_has_all_that_is_known(script: Script, street: Any) -> None:
    finding = street.finding(id="CVE-2026-1", ids=["GHSA-a"], occurrences=[{"tag": "1.2"}])
    told = script.get(f"/findings/F-{finding.pk}").json()
    assert told["identifiers"] == ["CVE-2026-1", "GHSA-a"]
    assert told["sightings"][0]["occurrences"] == [{"tag": "1.2"}]
    assert told["sightings"][0]["scope"] == "registry.example/shop:1.2"
    assert told["advisories"][0]["cvss"][0]["score"] == 8.1
    assert [event["code"] for event in told["events"]] == ["opened"]


def test_a_merged_finding_leads_to_the_other(script: Script, street: Any) -> None:
    old, new = street.finding(), street.finding()
    old.merged_into = new
    old.is_open = False
    old.save()
    answer = script.get(f"/findings/f-{old.pk}")
    assert (answer.status_code, answer["Location"]) == (307, f"/api/v1/findings/F-{new.pk}")


def test_findings_are_counted_by_several_keys(script: Script, street: Any) -> None:
    for severity in (Severity.HIGH, Severity.HIGH, Severity.LOW):
        street.finding(severity=severity)
    told = script.get("/counts", q="is:open", by="severity,state").json()
    assert told == {
        "by": ["severity", "state"],
        "groups": [{"values": ["high", "open"], "count": 2}, {"values": ["low", "open"], "count": 1}],
        "at_least": False,
        "more_groups": False,
    }
    first = script.get("/counts", q="is:open", by="severity,state", limit=1).json()
    assert ([each["count"] for each in first["groups"]], first["more_groups"]) == ([2], True)
    assert problem(script.get("/counts", by="colour")) == (422, "invalid")
    assert problem(script.get("/counts", by="severity,state,source,package")) == (422, "invalid")


def test_counts_are_bounded_unless_exact_ones_are_asked_for(script: Script, street: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("kairan.web.api.findings.MOST_COUNTED", 3)
    for _ in range(5):
        street.finding()
    told = script.get("/counts", by="package").json()
    assert (told["groups"][0]["count"], told["at_least"]) == (3, True)
    told = script.get("/counts", by="package", exact="true").json()
    assert (told["groups"][0]["count"], told["at_least"]) == (5, False)


def test_a_vulnerability_answers_to_any_of_its_ids(script: Script, street: Any) -> None:
    street.finding(id="CVE-2026-1", ids=["GHSA-a"], asset="shop-a")
    for number in range(4):
        street.finding(id="CVE-2026-1", asset=f"shop-{number}", open=number < 2)
    told = script.get("/vulnerabilities/ghsa-A").json()
    assert (told["id"], told["ids"]) == ("CVE-2026-1", ["CVE-2026-1", "GHSA-a"])
    assert told["findings"] == {
        "open": {"high": 3},
        "closed": {"high": 2},
        "assets": 5,
        "open_assets": 3,
        "at_least": False,
    }
    pages = all_items(script, "/vulnerabilities/GHSA-a/assets", limit=2)
    assert [[asset["open"] for asset in page] for page in pages] == [[1, 1], [1, 0], [0]]


def test_ids_may_hold_slashes(script: Script, street: Any) -> None:
    street.finding(id="KSV-1/a b?c")
    assert script.get("/vulnerabilities/KSV-1/a%20b%3Fc").json()["id"] == "KSV-1/a b?c"
    assert len(script.get("/vulnerabilities/KSV-1/a%20b%3Fc/assets").json()["items"]) == 1


def test_assets_are_listed_and_shown(script: Script, street: Any) -> None:
    for number in range(5):
        street.finding(asset=f"shop-{number}")
    pages = all_items(script, "/assets", q="shop", sort="name", limit=2)
    assets = list(itertools.chain(*pages))
    assert [asset["name"] for asset in assets] == [f"shop-{number}" for number in range(5)]
    told = script.get(f"/assets/{assets[0]['id']}").json()
    assert (told["kind"], told["external_id"]) == ("image", "shop-0")
    assert told["sources"][0]["scope"] == "registry.example/shop:1.2"
    assert script.get("/assets", kind="host").json()["items"] == []


def test_runs_with_their_rejects(script: Script, street: Any) -> None:
    from kairan.store.models import Reject

    runs = [street.run(source=street.source, counts={"opened": 1, "rejected": 3}) for _ in range(3)]
    for number in range(3):
        Reject.objects.create(run=runs[0], position=f"[{number}]", kind="vulnerability", reason="no id", raw="{}")
    pages = all_items(script, "/runs", source="trivy", limit=2)
    assert [run["id"] for page in pages for run in page] == [run.pk for run in reversed(runs)]
    assert script.get(f"/runs/{runs[0].pk}").json()["counts"]["opened"] == 1
    pages = all_items(script, f"/runs/{runs[0].pk}/rejects", limit=2)
    assert [reject["position"] for page in pages for reject in page] == ["[0]", "[1]", "[2]"]


@pytest.fixture
def held(street: Any) -> Any:
    from kairan.store.models import HeldClosing, Sighting

    finding = street.finding()
    sighting = Sighting.objects.get(finding=finding)
    return HeldClosing.objects.create(
        scope=street.scope,
        run=street.run(source=street.source),
        as_of=street.scope.watermark,
        reason="fewer than before",
        sightings=[sighting.pk],
        fingerprint=b"x",
    )


def test_a_held_closing_is_decided_once_and_audited(held: Any, script: Script) -> None:
    from kairan.store.models import Audit

    [waiting] = script.get("/held").json()["items"]
    assert (waiting["id"], waiting["sightings"], waiting["state"]) == (held.pk, 1, "waiting")
    told = script.post(f"/held/{held.pk}/decision", {"decision": "keep"}).json()
    assert (told["state"], told["decided_by"]) == ("kept", "hanako")
    assert problem(script.post(f"/held/{held.pk}/decision", {"decision": "close"})) == (409, "conflict")
    row = Audit.objects.get(action="held.keep")
    assert (row.actor, row.origin) == ("hanako", "API 127.0.0.1")


def test_closing_what_is_held_closes_the_finding(held: Any, script: Script) -> None:
    assert script.post(f"/held/{held.pk}/decision", {"decision": "close"}).json()["state"] == "closed"
    [row] = script.get("/findings").json()["items"]
    assert (row["state"], row["close_reason"]) == ("closed", "absent")


def test_a_report_is_handed_in_and_its_job_polled(script: Script) -> None:
    report = b'{"SchemaVersion": 2}'
    answer = script.send("POST", "/imports?name=a.json&asset=image:shop&complete=true&as_of=2026-11-20", report)
    assert answer.status_code == 202
    job = script.client.get(answer["Location"], headers=script.headers).json()
    assert job == answer.json()
    assert (job["state"], job["name"], job["size"], job["person"]) == ("waiting", "a.json", len(report), "hanako")
    assert job["options"] == {"asset": "image:shop", "complete": True, "as_of": "2026-11-20T00:00:00+00:00"}


def test_a_report_may_come_in_a_form(script: Script) -> None:
    file = SimpleUploadedFile("trivy.json", b"{}", content_type="application/json")
    answer = script.client.post(f"{V1}/imports?source=trivy", {"report": file}, headers=script.headers)
    assert (answer.status_code, answer.json()["name"], answer.json()["size"]) == (202, "trivy.json", 2)


@pytest.mark.parametrize(
    ("query", "said"),
    [("asset=shop", "KIND:NAME"), ("source=nobody", "nobody"), ("as_of=soon", "soon"), ("sorce=trivy", "'source'")],
)
def test_an_import_with_wrong_options_says_which(query: str, said: str, script: Script) -> None:
    answer = script.send("POST", f"/imports?{query}", b"{}")
    assert problem(answer) == (422, "invalid")
    assert said in answer.json()["detail"]


def test_a_form_holds_the_report_and_nothing_else(script: Script) -> None:
    file = SimpleUploadedFile("trivy.json", b"{}")
    for form in ({}, {"report": "text"}, {"report": file, "source": "trivy"}):
        assert problem(script.client.post(f"{V1}/imports", form, headers=script.headers)) == (422, "invalid")


def test_what_is_too_large_is_refused(script: Script, monkeypatch: Any) -> None:
    monkeypatch.setenv("KAIRAN_MAX_UPLOAD_BYTES", "100")
    assert problem(script.send("POST", "/imports", b"x" * 101)) == (413, "too-large")
    assert problem(script.send("POST", "/held/1/decision", b" " * 70_000)) == (413, "too-large")


@pytest.mark.parametrize(
    ("method", "path", "data", "media", "expected"),
    [
        ("GET", "/nowhere", b"", "", (404, "not-found")),
        ("GET", "/findings/", b"", "", (404, "not-found")),
        ("GET", "/findings/F-999", b"", "", (404, "not-found")),
        ("GET", "/findings/999", b"", "", (422, "invalid")),
        ("GET", "/findings/F-99999999999999999999", b"", "", (422, "invalid")),
        ("GET", "/findings?cursor=%00", b"", "", (400, "bad-cursor")),
        ("GET", "/findings?cursor=bnVtYmVyLjAuMQ&sort=severity", b"", "", (400, "bad-cursor")),
        ("GET", "/findings?limit=-1", b"", "", (422, "invalid")),
        ("GET", "/findings?limit=1001", b"", "", (422, "invalid")),
        ("GET", "/findings?limt=5", b"", "", (422, "invalid")),
        ("GET", "/findings?q=%00", b"", "", (422, "invalid")),
        ("GET", "/assets/0", b"", "", (422, "invalid")),
        ("GET", "/assets/9223372036854775807", b"", "", (404, "not-found")),
        ("GET", "/assets/9223372036854775808", b"", "", (422, "invalid")),
        ("GET", "/vulnerabilities/%00", b"", "", (422, "invalid")),
        ("GET", "/vulnerabilities/CVE-1/assets?cursor=OTk5OTk5OTk5OTk5LjEuMQ", b"", "", (404, "not-found")),
        ("GET", "/problems/nothing", b"", "", (404, "not-found")),
        ("DELETE", "/findings", b"", "", (405, "method-not-allowed")),
        ("PUT", "/held/1/decision", b"", "", (405, "method-not-allowed")),
        ("POST", "/held/1/decision", b"{}", "text/plain", (415, "unsupported-media-type")),
        ("POST", "/held/1/decision", b"{", "application/json", (400, "bad-request")),
        ("POST", "/held/1/decision", b"\xff", "application/json", (400, "bad-request")),
        ("POST", "/held/1/decision", b"[" * 60_000, "application/json", (400, "bad-request")),
        ("POST", "/held/1/decision", b"[]", "application/json", (422, "invalid")),
        ("POST", "/held/1/decision", b'{"decision": "burn"}', "application/json", (422, "invalid")),
        ("POST", "/held/1/decision", b'{"decision": "keep", "x": 1}', "application/json", (422, "invalid")),
        ("POST", "/held/1/decision", b'{"decision": "\\ud800"}', "application/json", (422, "invalid")),
        ("POST", "/imports", b"x", "application/x-www-form-urlencoded", (415, "unsupported-media-type")),
        ("POST", "/imports", b"x", "multipart/form-data", (400, "bad-request")),
        ("POST", "/imports", b"x", "multipart/form-data; boundary=x", (422, "invalid")),
    ],
)
def test_whatever_goes_wrong_is_a_problem(
    method: str, path: str, data: bytes, media: str, expected: tuple[int, str], script: Script
) -> None:
    answer = script.send(method, path, data, media)
    assert problem(answer) == expected, answer.content


@pytest.mark.parametrize("address", ["/api/", "/api/v1", "/api/v2/findings", "/api/v1/findings%0A"])
def test_under_the_apis_address_no_page_answers(address: str, db: None) -> None:
    assert problem(Client().get(address)) == (404, "not-found")


@override_settings(ALLOWED_HOSTS=["localhost"])
def test_a_forged_host_is_a_problem_too() -> None:
    answer = Client().get(f"{V1}/me", headers={"Host": "evil.example"})
    assert (answer.status_code, answer["Content-Type"]) == (400, PROBLEM)


def test_a_failure_tells_no_details(script: Script, monkeypatch: Any) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr("kairan.store.queries.listing.page", broken)
    answer = script.get("/findings")
    assert problem(answer) == (500, "failed")
    assert b"secret" not in answer.content


def test_a_lost_database_says_to_try_again(script: Script, monkeypatch: Any) -> None:
    from django.db import OperationalError

    def gone(*_: object, **__: object) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr("kairan.store.queries.listing.page", gone)
    answer = script.get("/findings")
    assert problem(answer) == (503, "unavailable")
    assert answer["Retry-After"] == "5"


def test_head_is_get_without_the_body(script: Script) -> None:
    answer = script.send("HEAD", "/me")
    assert (answer.status_code, answer.content) == (200, b"")
    assert script.send("DELETE", "/me")["Allow"] == "GET, HEAD"


def test_answers_are_kept_by_no_cache_and_carry_the_policy(script: Script) -> None:
    answer = script.get("/me")
    assert answer["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["Content-Type"].startswith("application/json")
    assert answer["Content-Language"] == "en"


def test_every_problem_explains_itself(db: None) -> None:
    from kairan.web.api.problems import KINDS

    for kind in KINDS.values():
        told = Client().get(kind.type).json()
        assert (told["status"], told["title"]) == (kind.status, kind.title)


def test_it_answers_in_english_whoever_asks(person: Any) -> None:
    client = Client()
    client.force_login(person("viewer", language="ja"))
    answer = client.get(f"{V1}/findings", {"limit": "x"}, headers={"Accept-Language": "ja"})
    assert json.loads(answer.content)["detail"].isascii()


def test_what_the_roll_up_counts_is_what_counting_finds(store: None, script: Script, corpus: Path) -> None:
    from kairan.runtime import clock
    from kairan.runtime.object_store import Archive
    from kairan.services.intake import Intake, Options

    Intake(Options(), Archive.configured(), clock.now).read_all([(str(corpus / "trivy" / "centos-7.json"), None)])
    for by in ("severity", "kind"):
        rolled_up = script.get("/counts", q="is:open", by=by).json()["groups"]
        assert rolled_up == script.get("/counts", q="is:open trivy or is:open", by=by).json()["groups"]
        assert rolled_up[0]["count"] > 0
