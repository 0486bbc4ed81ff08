"""Saved views: mine, everyone's; who may change them."""

from typing import Any

import pytest
from django.test import Client


@pytest.fixture
def browser(person: Any) -> Any:
    """Log someone new in: `browser("member")`."""

    def login(role: str) -> Client:
        client = Client()
        client.force_login(person(role))
        return client

    return login


def save(client: Client, name: str, query: str = "q=is%3Aclosed", **more: str) -> Any:
    return client.post("/findings/views/", {"name": name, "query": query, **more})


def change(client: Client, view: int, what: str, **more: str) -> int:
    return client.post(f"/findings/views/{view}/", {"change": what, **more}).status_code


def views() -> dict[str, tuple[str, bool]]:
    from kairan.store.models import SavedView

    return {view.name: (view.query, view.is_shared) for view in SavedView.objects.all()}


def number(name: str) -> int:
    from kairan.store.models import SavedView

    return int(SavedView.objects.get(name=name).pk)


def audit() -> list[tuple[str, Any, Any]]:
    from kairan.store.models import Audit

    return [(row.action, row.before, row.after) for row in Audit.objects.order_by("id")]


def test_a_view_is_saved_without_its_place_and_listed_beside_the_list(browser: Any, street: Any) -> None:
    street.finding()
    client = browser("viewer")
    answer = save(client, "  Closed \n ones ", "q=is%3Aclosed&sort=oldest&after=oldest.0.1.1&evil=1")
    assert answer["Location"] == "/findings/?q=is%3Aclosed&sort=oldest"
    assert views() == {"Closed ones": ("q=is%3Aclosed&sort=oldest", False)}
    text = client.get("/findings/?sort=oldest&q=is:closed").content.decode()
    assert '<a href="/findings/?q=is%3Aclosed&amp;sort=oldest" aria-current="page" title="Closed ones">' in text
    assert "Closed ones" not in browser("viewer").get("/findings/").content.decode()
    assert audit() == []


def test_a_name_is_taken_once_for_each_person(browser: Any, street: Any) -> None:
    client = browser("member")
    save(client, "Mine")
    answer = save(client, "mINE", "q=x", shared="on")
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "You have a view of this name already" in text
    assert 'value="mINE"' in text
    assert 'value="q=x"' in text
    assert save(browser("member"), "Mine").status_code == 302
    for name in ("", "  ", "x" * 81):
        assert "at most 80 signs" in save(client, name).content.decode()


def test_sharing_needs_the_right_and_leaves_a_trace(browser: Any, street: Any) -> None:
    street.finding()
    save(browser("viewer"), "Quiet", shared="on")
    assert views()["Quiet"][1] is False
    member = browser("member")
    save(member, "Loud", shared="on")
    assert "Loud" in browser("viewer").get("/findings/").content.decode()
    assert change(member, number("Loud"), "rename", name="Louder") == 302
    assert change(member, number("Louder"), "unshare") == 302
    assert change(member, number("Louder"), "share") == 302
    assert change(member, number("Louder"), "delete") == 302
    assert [action for action, _, _ in audit()] == [
        "view.share", "view.rename", "view.unshare", "view.share", "view.delete",
    ]  # fmt: skip
    assert audit()[1][1]["name"] == "Loud"
    assert audit()[1][2]["name"] == "Louder"


def test_others_change_nothing_but_an_administrator_clears_shared_ones(browser: Any, street: Any) -> None:
    member = browser("member")
    save(member, "Shared", shared="on")
    save(member, "Own")
    other, administrator = browser("approver"), browser("administrator")
    for what in ("rename", "delete", "share", "unshare"):
        assert change(other, number("Shared"), what, name="x") == 403
        assert change(administrator, number("Own"), what, name="x") == 403
    assert change(administrator, number("Shared"), "rename", name="x") == 403
    assert change(administrator, number("Shared"), "delete") == 302
    assert set(views()) == {"Own"}
    assert change(member, 999_999, "delete") == 403
    assert change(member, number("Own"), "what?") == 302


def test_a_viewer_does_not_share_by_a_made_up_form(browser: Any, street: Any) -> None:
    client = browser("viewer")
    save(client, "Own")
    assert change(client, number("Own"), "share") == 403
    assert views()["Own"][1] is False


def test_renaming_to_a_taken_name_says_so_at_the_field(browser: Any, street: Any) -> None:
    client = browser("viewer")
    save(client, "One")
    save(client, "Two")
    text = client.post(f"/findings/views/{number('Two')}/", {"change": "rename", "name": "one"}).content.decode()
    assert "You have a view of this name already" in text
    assert set(views()) == {"One", "Two"}


def test_the_pages_of_views(browser: Any, street: Any) -> None:
    client = browser("viewer")
    assert "No saved views yet" in client.get("/findings/views/").content.decode()
    save(client, "<b>One</b>")
    text = client.get("/findings/views/").content.decode()
    assert "&lt;b&gt;One&lt;/b&gt;" in text
    assert client.get(f"/findings/views/{number('<b>One</b>')}/")["Location"] == "/findings/?q=is%3Aclosed"
    assert client.get("/findings/views/999/")["Location"] == "/findings/views/"


def test_a_long_query_is_kept_whole_or_refused(browser: Any, street: Any) -> None:
    from urllib.parse import urlencode

    street.finding()
    client = browser("viewer")
    long = urlencode({"q": "脆" * 4_000, "sort": "oldest"})
    answer = save(client, "Long", long)
    assert (answer.status_code, answer["Location"]) == (302, "/findings/views/")
    assert views()["Long"][0] == long
    assert f'href="/findings/?{long.replace("&", "&amp;")}"' in client.get("/findings/views/").content.decode()
    assert client.get(f"/findings/views/{number('Long')}/")["Location"] == "/findings/views/"


def test_no_view_is_cut(person: Any, street: Any) -> None:
    from kairan.services import views as service
    from kairan.services.actor import Actor

    someone = person("viewer")
    with pytest.raises(service.ViewTooLong):
        service.save(Actor(someone.username, someone.pk), "x", "q=" + "x" * service.LONGEST_QUERY, someone.created_at)
    assert views() == {}


def test_nobody_keeps_views_without_end(person: Any, street: Any) -> None:
    from kairan.services.views import MOST
    from kairan.store.models import SavedView

    client, someone = Client(), person("viewer")
    client.force_login(someone)
    SavedView.objects.bulk_create(
        SavedView(person=someone, name=f"view {n}", query="", created_at=someone.created_at) for n in range(MOST)
    )
    assert "as many as anybody may" in save(client, "one more").content.decode()
    assert len(views()) == MOST


def test_a_change_comes_from_the_visitors_address(browser: Any, street: Any, settings: Any) -> None:
    from kairan.store.models import Audit

    settings.PROXIES = 1
    said = {"name": "Loud", "query": "", "shared": "on"}
    browser("member").post("/findings/views/", said, headers={"X-Forwarded-For": "198.51.100.9"})
    assert Audit.objects.get().origin == "198.51.100.9"
