"""The list of runs, the page of one, its rejects to take along, and the replay that a page asks for."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from kairan.domain.rights import Role
from tests.web.conftest import NOW, Street

COUNTS = {
    "records": {"vulnerability": 3},
    "opened": 2,
    "reopened": 0,
    "changed": 0,
    "unchanged": 0,
    "closed": 0,
    "merged": 0,
    "rejected": 1,
    "fixed": 0,
    "held": 0,
    "stale": 0,
}
NOTHING = {name: {} if name == "records" else 0 for name in COUNTS}


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    return response.content.decode()


def reject(run: Any, reason: str, raw: str = "{}", position: str = "Results[0]") -> None:
    from kairan.store.models import Reject

    Reject.objects.create(run=run, position=position, kind="vulnerability", reason=reason, raw=raw)


def test_an_empty_list_says_how_to_bring_a_report_in(viewer: Client) -> None:
    page = text(viewer, "/runs/")
    assert "kairan import REPORT.json" in page
    assert "ask a triager" in page


def test_a_row_says_what_was_read_and_what_it_brought(street: Street, viewer: Client) -> None:
    run = street.run(source=street.source, name="/scans/shop.json", title="registry.example/shop:1.2", counts=COUNTS)
    page = text(viewer, "/runs/")
    assert f"/runs/{run.id}/" in page
    for part in ("registry.example/shop:1.2", "shop.json", "trivy", "Opened", "Rejected"):
        assert part in page


def test_states_and_sources_filter_and_an_empty_filter_leads_back(street: Street, viewer: Client) -> None:
    street.run(source=street.source, name="good.json", counts=NOTHING)
    street.run(name="bad.json", state="failed", error="is not JSON")
    street.run(source=street.source, name="rejects.json", counts=COUNTS)
    street.run(source=street.source, name="late.json", counts=NOTHING, is_stale=True)
    for query, there in {
        "state=failed": {"bad.json"},
        "state=rejected": {"rejects.json"},
        "state=new": {"rejects.json"},
        "state=stale": {"late.json"},
        "source=trivy": {"good.json", "rejects.json", "late.json"},
        "state=nonsense": {"good.json", "bad.json", "rejects.json", "late.json"},
    }.items():
        page = text(viewer, f"/runs/?{query}")
        assert {name for name in ("good.json", "bad.json", "rejects.json", "late.json") if name in page} == there
    assert "Show all runs" in text(viewer, "/runs/?source=nobody")


def test_pages_go_on_where_the_last_one_ended_and_back(street: Street, viewer: Client) -> None:
    for number in range(120):
        street.run(name=f"report-{number:03d}.json", counts=NOTHING, started_at=NOW - timedelta(minutes=number))
    first = viewer.get("/runs/")
    seen = []
    older = first.context["older"]
    page = first
    while True:
        seen += [row.name for row, _ in page.context["rows"]]
        if not page.context["older"]:
            break
        page = viewer.get(page.context["older"])
    assert seen == [f"report-{number:03d}.json" for number in range(120)]
    assert [row.name for row, _ in viewer.get(viewer.get(older).context["newer"]).context["rows"]] == seen[:50]


@pytest.mark.parametrize("place", ["x", "1.x", "9999999999999999999.1", "-1.5", "²2.1"])
def test_an_edited_place_is_the_beginning(place: str, street: Street, viewer: Client) -> None:
    street.run(name="only.json", counts=NOTHING)
    assert "only.json" in text(viewer, f"/runs/?after={place}")


def test_the_page_of_a_run_says_everything_of_it(street: Street, viewer: Client) -> None:
    from kairan.store.models import Event

    run = street.run(
        source=street.source,
        name="/scans/shop.json",
        title="registry.example/shop:1.2",
        counts=COUNTS,
        as_of=NOW,
        parser_version=3,
        archived="trivy/2026/07/03/abc.json.zst",
        options={"asset": ["host", "web-1"], "complete": False, "source": None, "as_of": None},
    )
    finding = street.finding(id="CVE-2026-4242")
    Event.objects.filter(finding=finding).update(run=run)
    reject(run, "names no package", '{"VulnerabilityID": "<script>alert(1)</script>"}')
    page = text(viewer, f"/runs/{run.id}/")
    for part in (
        "trivy/2026/07/03/abc.json.zst",
        "host:web-1",
        "It names only a part",
        "names no package",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "CVE-2026-4242",
        f"/findings/F-{finding.id}/",
        f"/runs/{run.id}/rejects/",
    ):
        assert part in page, part
    assert "<script>alert" not in page


def test_a_reject_is_shown_without_the_indentation_of_its_report(viewer: Client, street: Any) -> None:
    run = street.run(counts=COUNTS)
    reject(run, "names no package", '{\n        "VulnerabilityID": {\n          "a": 1\n        }\n      }')
    assert "{\n  &quot;VulnerabilityID&quot;: {\n    &quot;a&quot;: 1\n  }\n}" in text(viewer, f"/runs/{run.id}/")


def test_so_is_one_that_is_cut_short(viewer: Client, street: Any) -> None:
    run = street.run(counts=COUNTS)
    reject(run, "names no package", '{\n        "Title": "a",\n        "Description": "' + "b" * 2_000)
    assert "{\n  &quot;Title&quot;: &quot;a&quot;,\n  &quot;Description" in text(viewer, f"/runs/{run.id}/")


def test_a_failed_run_says_why_and_that_nothing_was_changed(street: Street, viewer: Client) -> None:
    run = street.run(name="/scans/x.json", state="failed", error="is cut off: <b>fetch</b> it again")
    page = text(viewer, f"/runs/{run.id}/")
    assert "is cut off: &lt;b&gt;fetch" in page
    assert "Nothing was changed" in page


def test_a_run_of_the_same_bytes_leads_to_the_first_one(street: Street, viewer: Client) -> None:
    same = {"content": b"x" * 32, "as_of": NOW, "counts": NOTHING, "source": street.source}
    first = street.run(**same)
    again = street.run(**same)
    assert f"The same bytes as in run {first.id}" in text(viewer, f"/runs/{again.id}/")
    assert "The same bytes" not in text(viewer, f"/runs/{first.id}/")


def test_a_stale_run_says_that_today_stayed_as_it_was(street: Street, viewer: Client) -> None:
    run = street.run(source=street.source, counts=NOTHING, is_stale=True)
    assert "a newer report of the same scope was known already" in text(viewer, f"/runs/{run.id}/")


def test_all_rejects_come_as_json_lines(street: Street, viewer: Client) -> None:
    run = street.run(counts=COUNTS)
    for number in range(2_500):
        reject(run, f"reason {number % 3}", '{"a": "改行\\n"}', f"[{number}]")
    response = viewer.get(f"/runs/{run.id}/rejects/")
    lines = [json.loads(line) for line in b"".join(response.streaming_content).decode().splitlines()]
    assert [line["position"] for line in lines] == [f"[{number}]" for number in range(2_500)]
    assert lines[0] == {"position": "[0]", "kind": "vulnerability", "reason": "reason 0", "raw": '{"a": "改行\\n"}'}
    assert response["Content-Disposition"] == f'attachment; filename="kairan-run-{run.id}-rejects.jsonl"'


def test_rejects_are_grouped_by_reason_most_first(street: Street, viewer: Client) -> None:
    run = street.run(counts=COUNTS)
    for number in range(30):
        reject(run, "rare" if number < 2 else "common", position=f"[{number}]")
    page = text(viewer, f"/runs/{run.id}/")
    assert page.index("common") < page.index("rare")
    assert "28 records" in page


def test_what_is_not_there_is_404(viewer: Client) -> None:
    for address in ("/runs/999/", "/runs/999/rejects/", "/runs/99999999999999999999999/"):
        text(viewer, address, 404)


def test_a_replay_is_asked_for_and_its_progress_is_seen(person: Callable[..., Any]) -> None:
    from kairan.store.models import Audit, Upload

    admin = Client()
    admin.force_login(person(Role.ADMINISTRATOR))
    assert "What it does" in text(admin, "/runs/replay/")
    response = admin.post("/runs/replay/", {"source": "trivy"})
    asked = Upload.objects.get()
    assert response.headers["Location"] == f"/uploads/{asked.id}/"
    assert asked.options == {"replay": True, "source": "trivy"}
    assert Audit.objects.get().action == "replay.ask"
    assert "Replay of the archive" in text(admin, f"/uploads/{asked.id}/")
    assert "A replay is under way" in text(admin, "/runs/replay/")
    assert admin.post("/runs/replay/", {"source": "nessus"}).status_code == 400


def test_only_administrators_replay(person: Callable[..., Any]) -> None:
    for role in Role:
        client = Client()
        client.force_login(person(role))
        expected = 200 if role is Role.ADMINISTRATOR else 403
        assert client.get("/runs/replay/").status_code == expected
        assert ("Replay the archive" in text(client, "/runs/")) is (role is Role.ADMINISTRATOR)
