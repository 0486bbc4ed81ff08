"""Every address, every kind of visitor: nothing is open that was not declared open."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, path, reverse

from kairan.domain.rights import Role, may
from kairan.web.security import ContentSecurityPolicy, access_of

ARGUMENTS = {"finding": {"number": 1}, "setup": {"token": "wrong"}}


def patterns(entries: list[Any] | None = None) -> Iterator[URLPattern]:
    for entry in get_resolver().url_patterns if entries is None else entries:
        if isinstance(entry, URLResolver):
            yield from patterns(entry.url_patterns)
        else:
            yield entry


def addresses() -> list[tuple[str, Any]]:
    return [(reverse(p.name, kwargs=ARGUMENTS.get(p.name)), access_of(p.callback)) for p in patterns()]


def test_every_view_declares_who_may_see_it() -> None:
    undeclared = [pattern.name for pattern in patterns() if access_of(pattern.callback) is None]
    assert undeclared == [], "declare @needs(Right...) or @public"


def test_only_these_are_public() -> None:
    public = {pattern.name for pattern in patterns() if access_of(pattern.callback).right is None}  # type: ignore[union-attr]
    assert public == {"setup", "login", "logout", "language", "theme"}


@pytest.mark.parametrize("role", [None, *Role, "unheard-of"])
def test_each_role_gets_exactly_what_its_rights_open(role: str | None, person: Any, street: Any) -> None:
    client = Client()
    if role:
        client.force_login(person(role))
    for address, access in addresses():
        answer = client.get(address)
        if access.right is None:
            assert answer.status_code in (200, 302, 405, 410), address
        elif role is None:
            assert answer.status_code == 302, address
            assert answer["Location"].startswith("/login/?next="), address
        elif may(role, access.right):
            assert answer.status_code in (200, 302, 404), address
            assert "/login/" not in answer.get("Location", "")
        else:
            assert answer.status_code == 403, address


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


@pytest.mark.parametrize("address", ["/login/", "/findings/", "/nowhere", "/setup/x/"])
def test_every_answer_carries_the_policy(address: str, viewer: Client) -> None:
    policy = viewer.get(address)["Content-Security-Policy"]
    assert policy == ContentSecurityPolicy.policy
    assert "unsafe" not in policy


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
