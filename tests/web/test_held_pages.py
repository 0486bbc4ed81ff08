"""Held closings by page: seen by everyone, decided once, by those who may."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from kairan.domain.rights import Role
from tests.web.conftest import NOW, Street


@pytest.fixture
def triager(person: Callable[..., Any]) -> Client:
    client = Client()
    client.force_login(person(Role.TRIAGER, username="taro", name="Taro <b>"))
    return client


def hold(street: Street, number: int = 3, **said: Any) -> Any:
    """A report holds the closings of this many findings."""
    from kairan.store.models import HeldClosing, Sighting

    findings = [street.finding(id=f"CVE-2026-{each:04d}", package=f"pkg{each}", **said) for each in range(number)]
    run = street.run(source=street.source, name="/scans/empty.json", as_of=NOW)
    sightings = list(Sighting.objects.filter(finding__in=findings).order_by("id").values_list("id", flat=True))
    return HeldClosing.objects.create(
        scope=street.scope, run=run, as_of=NOW, reason="no_evidence", sightings=sightings, fingerprint=b"x"
    )


def open_findings() -> int:
    from kairan.store.models import Finding

    return Finding.objects.filter(is_open=True).count()


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_when_nothing_waits_the_page_says_so(viewer: Client, street: Street) -> None:
    assert "Nothing waits" in text(viewer, "/held/")


def test_the_list_says_which_scope_why_and_how_many(street: Street, viewer: Client) -> None:
    held = hold(street)
    page = text(viewer, "/held/")
    for part in ("3 findings would close", "registry.example/shop:1.2", "no sign that it looked", "empty.json"):
        assert part in page
    assert f"/held/{held.id}/" in page


def test_the_page_lists_what_would_close_and_asks(street: Street, triager: Client) -> None:
    held = hold(street)
    page = text(triager, f"/held/{held.id}/")
    for part in ("CVE-2026-0000", "CVE-2026-0002", "Close 3 findings", "Keep them open", "pkg1"):
        assert part in page


def test_who_may_not_decide_sees_no_button_and_whom_to_ask(street: Street, viewer: Client) -> None:
    held = hold(street)
    page = text(viewer, f"/held/{held.id}/")
    assert 'name="decision"' not in page
    assert "Ask a triager" in page
    assert viewer.post(f"/held/{held.id}/", {"decision": "close"}).status_code == 403
    assert open_findings() == 3


def test_closing_closes_them_and_says_how_many(street: Street, triager: Client) -> None:
    from kairan.store.models import Audit

    held = hold(street)
    response = triager.post(f"/held/{held.id}/", {"decision": "close"}, follow=True)
    assert response.redirect_chain == [("/held/", 302)]
    assert "3 findings were closed." in response.content.decode()
    assert open_findings() == 0
    row = Audit.objects.get()
    assert (row.action, row.actor, row.origin) == ("held.close", "taro", "127.0.0.1")
    assert "Taro &lt;b&gt;" in response.content.decode()  # settled, by whom


def test_keeping_open_changes_no_finding(street: Street, triager: Client) -> None:
    held = hold(street)
    page = triager.post(f"/held/{held.id}/", {"decision": "keep"}, follow=True).content.decode()
    assert "They stay open." in page
    assert open_findings() == 3
    assert "Kept open" in text(triager, f"/held/{held.id}/")


def test_the_second_of_two_decisions_is_told_what_happened(street: Street, triager: Client) -> None:
    held = hold(street)
    triager.post(f"/held/{held.id}/", {"decision": "keep"})
    response = triager.post(f"/held/{held.id}/", {"decision": "close"}, follow=True)
    assert response.status_code == 200
    page = response.content.decode()
    assert "settled in the meantime" in page
    assert "Kept open" in page
    assert open_findings() == 3


@pytest.mark.parametrize("said", [{}, {"decision": "maybe"}])
def test_an_unclear_decision_changes_nothing(said: dict[str, str], street: Street, triager: Client) -> None:
    held = hold(street)
    page = triager.post(f"/held/{held.id}/", said, follow=True).content.decode()
    assert "Nothing was changed" in page
    held.refresh_from_db()
    assert held.state == "waiting"


def test_what_others_see_too_stays_and_is_said(street: Street, triager: Client) -> None:
    from kairan.store.models import Scope, Sighting

    held = hold(street)
    one = Sighting.objects.first()
    assert one is not None
    other = Scope.objects.create(source=street.source, key="other", kind="vulnerability", title="o", absence="fixed")
    one.pk, one.scope, one.key = None, other, b"other"
    one.save()
    page = text(triager, f"/held/{held.id}/")
    assert "Close 2 findings" in page
    assert "1 more stays open whatever you choose" in page
    triager.post(f"/held/{held.id}/", {"decision": "close"})
    assert open_findings() == 1


def test_a_set_that_is_not_there_is_404(triager: Client) -> None:
    assert triager.get("/held/99/").status_code == 404
    assert triager.post("/held/99/", {"decision": "close"}).status_code == 404


def test_a_run_links_to_what_it_held(street: Street, viewer: Client) -> None:
    held = hold(street)
    page = text(viewer, f"/runs/{held.run_id}/")
    assert f"/held/{held.id}/" in page
    assert "Waits for a person" in page
    assert f"/runs/{held.run_id}/" in text(viewer, "/runs/?state=held")
