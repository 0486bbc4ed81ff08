"""Every address, every kind of visitor, looking and changing: nothing is open that was not declared open."""

from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import path

from kairan.domain.rights import Role, may
from kairan.web.security import access_of

from .pages import Page, pages, patterns

ROLES = [None, *Role, "unheard-of"]
# What a page may answer to someone it lets in. No 403, no 404 (the examples exist), and never a fault.
LOOKED = {200, 302, 405}
CHANGED = {200, 302, 400, 405, 409, 422, 429}


def visitor(role: str | None, person: Any, **said: Any) -> Client:
    client = Client(**said)
    if role:
        client.force_login(person(role))
    return client


def asked(client: Client, method: str, address: str) -> Any:
    """One request, in a session of its own: what it changes about the session is not for the next one."""
    cookies = dict(client.cookies)
    answer = client.generic(method, address, b"", "application/x-www-form-urlencoded")
    client.cookies.clear()
    client.cookies.update(cookies)
    return answer


def test_every_view_declares_who_may_see_it() -> None:
    undeclared = [pattern.name for pattern in patterns() if access_of(pattern.callback) is None]
    assert undeclared == [], "declare @needs(Right...) or @public"


def test_only_these_are_public() -> None:
    accesses = {pattern.name: access_of(pattern.callback) for pattern in patterns()}
    assert {name for name, access in accesses.items() if access.guards_itself} == {"api"}  # type: ignore[union-attr]
    public = {name for name, access in accesses.items() if access.right is None} - {"api"}  # type: ignore[union-attr]
    assert public == {"setup", "login", "logout", "language", "theme", "slack"}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_exactly_what_its_rights_open(
    role: str | None, method: str, person: Any, town: Any, archive_home: Any
) -> None:
    client = visitor(role, person)
    for page in pages():
        assert page.addresses, f"nothing in the town has the address {page.name}"
        if page.name == "logout" and method == "POST":
            continue  # it ends the session that the others are tried with
        expected = verdict(role, page, method)
        for address in page.addresses:
            answer = asked(client, method, address)
            assert answer.status_code in expected, (page.name, method, role, answer.status_code)
            if expected == {302}:
                assert answer["Location"].startswith("/login/?next="), page.name
            elif answer.status_code == 302 and role and page.access.right:
                assert not answer["Location"].startswith("/login/"), page.name


def verdict(role: str | None, page: Page, method: str) -> set[int]:
    right = page.right(method)
    if right is None:
        return LOOKED | {410} if method == "GET" else CHANGED | {410}
    if role is None:
        return {302}
    if not may(role, right):
        return {403}
    return LOOKED if method == "GET" else CHANGED


def test_looking_changes_nothing(person: Any, town: Any, archive_home: Any) -> None:
    """Every page, looked at by someone who may see all: no row of ours is written, moved or gone."""
    from django.apps import apps

    from kairan.store.connection import raw_cursor
    from tests.stores import rows_as_written

    client = visitor("administrator", person)
    tables = [model._meta.db_table for model in apps.get_app_config("kairan").get_models()]
    before = rows_as_written(raw_cursor(), *tables)
    for page in pages():
        for address in page.addresses:
            asked(client, "GET", address)
            asked(client, "HEAD", address)
    assert rows_as_written(raw_cursor(), *tables) == before


SIGNED = {"slack"}  # what another machine sends: it is believed by its signature, not by a token of ours


def test_no_page_takes_a_change_without_its_token(person: Any, town: Any, archive_home: Any) -> None:
    client = visitor("administrator", person, enforce_csrf_checks=True)
    for page in pages():
        for address in page.addresses:
            answer = asked(client, "POST", address)
            if page.name in SIGNED:
                assert answer.status_code == 400, page.name
                continue
            assert answer.status_code == 403, page.name
            assert "This form has expired" in answer.content.decode(), page.name


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "MADE-UP"])
def test_other_methods_reach_no_page(method: str, person: Any, town: Any, archive_home: Any) -> None:
    client = visitor("administrator", person)
    for page in pages():
        assert asked(client, method, page.addresses[0]).status_code == 405, page.name


def undeclared(request: Any) -> None:
    raise AssertionError("reached")


class Forgotten:
    urlpatterns = [path("forgotten/", undeclared)]
    handler403 = "kairan.web.errors.forbidden"


@override_settings(ROOT_URLCONF=Forgotten)
def test_a_view_without_declaration_is_a_closed_door(viewer: Client) -> None:
    assert viewer.get("/forgotten/").status_code == 403


def test_someone_deactivated_is_out_at_once(person: Any) -> None:
    someone, client = person("triager"), Client()
    client.force_login(someone)
    assert client.get("/findings/").status_code == 200
    someone.is_active = False
    someone.save()
    assert client.get("/findings/").status_code == 302


def test_htmx_is_sent_to_the_login_as_a_whole_page(db: None) -> None:
    answer = Client().get("/findings/?q=x", headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == "/login/?next=/findings/%3Fq%3Dx"


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("http://testserver/findings/?q=is%3Aopen", "/findings/%3Fq%3Dis%253Aopen"),
        ("https://evil.example/findings/", "/findings/facets/"),
        ("http://[", "/findings/facets/"),
    ],
)
def test_after_the_login_htmx_comes_back_to_the_page_not_to_its_part(db: None, page: str, expected: str) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": page}
    assert Client().get("/findings/facets/", headers=headers)["HX-Redirect"] == f"/login/?next={expected}"


def test_a_long_address_leads_to_the_login_and_back_to_its_page(db: None) -> None:
    answer = Client().get("/findings/?q=" + "x" * 15_000)
    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=/findings/")
    assert Client().get("/vulnerabilities/" + "x" * 15_000 + "/")["Location"] == "/login/?next=/"


@pytest.mark.parametrize("page", ["people", "assets", "runs", "held", "uploads", "findings/views"])
def test_a_number_no_row_can_have_is_no_address(person: Any, page: str) -> None:
    client = Client()
    client.force_login(person("administrator"))
    for number in ("9999999999999999999", "9" * 4_301):
        assert client.get(f"/{page}/{number}/").status_code == 404


def test_commands_need_the_token(person: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/login/", {"username": "x", "password": "y"})
    assert answer.status_code == 403
    assert "This form has expired" in answer.content.decode()


def test_health_needs_neither_database_nor_name() -> None:
    answer = Client().get("/healthz", headers={"Host": "10.0.0.7"})
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@override_settings(ALLOWED_HOSTS=["localhost"])
def test_a_forged_host_is_refused_with_a_page() -> None:
    answer = Client().get("/login/", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "KAIRAN_HOSTS" in answer.content.decode()


def broken(request: Any) -> None:
    raise RuntimeError("the database is gone")


class Broken:
    from kairan.web.security import public

    urlpatterns = [path("broken/", public(broken))]
    handler500 = "kairan.web.errors.failed"


@override_settings(ROOT_URLCONF=Broken)
def test_a_failure_shows_a_page_without_database_or_details() -> None:
    answer = Client(raise_request_exception=False).get("/broken/")
    text = answer.content.decode()
    assert answer.status_code == 500
    assert "Kairan could not answer" in text
    assert "database is gone" not in text


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_login_leads_back_to_own_pages_only(target: str, person: Any) -> None:
    person("viewer", username="hanako")
    answer = Client().post("/login/", {"username": "hanako", "password": "correct horse battery", "next": target})
    assert (answer.status_code, answer["Location"]) == (302, "/")
