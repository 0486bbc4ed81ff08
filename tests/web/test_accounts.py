"""The one-time set-up link, login and logout, language and theme."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client, RequestFactory, override_settings
from django.utils import timezone

from kairan.services import accounts

from .conftest import NOW

FORM = {
    "username": "Hanako",
    "name": "山田 花子",
    "password": "correct horse battery",
    "again": "correct horse battery",
    "language": "ja",
    "time_zone": "Asia/Tokyo",
}


def link() -> str:
    token = accounts.setup_link(NOW)
    assert token
    return f"/setup/{token}/"


@pytest.mark.django_db
def test_setup_makes_the_administrator_once_and_logs_in() -> None:
    from kairan.store.models import Audit, Person, SetupLink

    address, browser = link(), Client()
    assert browser.get(address).status_code == 200
    assert browser.get(address).status_code == 200  # looking does not use it up
    answer = browser.post(address, FORM)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert browser.get("/account/").status_code == 200
    made = Person.objects.get()
    assert (made.username, made.role, made.time_zone) == ("Hanako", "administrator", "Asia/Tokyo")
    assert Audit.objects.get().action == "person.create"
    assert SetupLink.objects.get().used_at is not None

    again = Client().post(address, FORM | {"username": "mallory"})
    assert again.status_code == 410
    assert "This link was used already" in again.content.decode()
    assert Person.objects.count() == 1
    assert accounts.setup_link(NOW) is None


@pytest.mark.django_db
def test_a_newer_link_replaces_the_older_and_only_hashes_are_kept() -> None:
    from kairan.store.models import SetupLink

    older, newer = link(), link()
    replaced = Client().get(older)
    assert replaced.status_code == 410
    assert "kairan up" in replaced.content.decode()
    assert Client().get(newer).status_code == 200
    assert newer.split("/")[2].encode() not in bytes(SetupLink.objects.get().token_hash)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"again": "another password"}, "The two passwords differ"),
        ({"password": "short", "again": "short"}, "at least 12 characters"),
        ({"username": ""}, "This field is required"),
        ({"username": "nul\0"}, "Null characters are not allowed"),
    ],
)
def test_setup_says_beside_the_field_what_to_mend(wrong: dict[str, str], says: str) -> None:
    from kairan.store.models import Person

    answer = Client().post(link(), FORM | wrong)
    assert answer.status_code == 200
    assert says in answer.content.decode()
    assert not Person.objects.exists()


@pytest.mark.django_db
def test_setup_does_not_take_over_someone_elses_name(person: Any) -> None:
    person("viewer", username="hanako")
    assert "Someone has this login name already" in Client().post(link(), FORM).content.decode()


@pytest.mark.django_db
def test_a_weak_password_uses_the_link_up_for_nobody() -> None:
    token = accounts.setup_link(NOW)
    assert token
    with pytest.raises(ValidationError):
        accounts.use_setup_link(token, "h", "h", "password1234", "en", NOW)
    assert accounts.look_at(token, NOW).state is accounts.LinkState.FIRST


@pytest.mark.django_db
def test_login_and_logout(person: Any) -> None:
    person("viewer", username="Hanako")
    browser = Client()
    wrong = browser.post("/login/", {"username": "hanako", "password": "wrong"})
    nobody = browser.post("/login/", {"username": "nobody", "password": "wrong"})
    sentence = "Name and password do not fit together"
    assert sentence in wrong.content.decode()
    assert sentence in nobody.content.decode()
    right = {"username": "hANAKO", "password": "correct horse battery", "next": "/findings/?q=x"}
    assert browser.post("/login/", right)["Location"] == "/findings/?q=x"
    assert browser.get("/account/").status_code == 200
    assert browser.get("/logout/").status_code == 405
    assert browser.post("/logout/")["Location"] == "/login/"
    assert browser.get("/account/").status_code == 302


@pytest.mark.django_db
def test_someone_inactive_cannot_log_in(person: Any) -> None:
    person("viewer", username="gone", is_active=False)
    assert accounts.authenticate("gone", "correct horse battery", NOW) is None


@pytest.mark.django_db
def test_language_is_remembered_for_browser_and_person(person: Any) -> None:
    someone, browser = person("viewer"), Client()
    browser.force_login(someone)
    answer = browser.post("/language/", {"language": "ja", "next": "/findings/?state=all"})
    assert answer["Location"] == "/findings/?state=all"
    assert '<html lang="ja"' in browser.get("/account/").content.decode()
    someone.refresh_from_db()
    assert someone.language == "ja"
    browser.post("/logout/")
    assert "ログイン" in browser.get("/login/").content.decode()


def test_before_the_login_the_browser_says_the_language(db: None) -> None:
    page = Client().get("/login/", headers={"Accept-Language": "ja,en;q=0.5"})
    assert "ログイン" in page.content.decode()
    assert page["Content-Language"] == "ja"


def test_theme_is_remembered_by_the_browser(viewer: Client) -> None:
    viewer.post("/theme/", {"theme": "dark"})
    assert 'data-theme="dark"' in viewer.get("/account/").content.decode()
    viewer.post("/theme/", {"theme": '"><script>'})
    assert 'data-theme="dark"' in viewer.get("/account/").content.decode()


@pytest.fixture
def invited(db: None) -> Any:
    """Makes a link for someone new: `invited("Taro")`, good until seven days after NOW."""
    from kairan.domain.rights import Role
    from kairan.services import people

    def invite(username: str = "taro", *, now: datetime = NOW, role: Role = Role.TRIAGER) -> Any:
        by = people.Actor("root")
        return people.add(username, name="<b>太郎</b>", email="taro@example.com", role=role, by=by, now=now)

    return invite


NEW = {
    "password": "correct horse battery",
    "again": "correct horse battery",
    "language": "ja",
    "time_zone": "Asia/Tokyo",
}


def test_someone_invited_sets_a_password_once_and_is_in(invited: Any) -> None:
    from kairan.store.models import Person

    address, browser = f"/setup/{invited(now=timezone.now()).token}/", Client()
    page = browser.get(address).content.decode()
    assert "Welcome, <bdi>&lt;b&gt;太郎&lt;/b&gt;</bdi>" in page
    assert 'name="name"' not in page
    assert browser.post(address, NEW)["Location"] == "/"
    someone = Person.objects.get()
    assert (someone.username, someone.role, someone.language, someone.time_zone) == (
        "taro",
        "triager",
        "ja",
        "Asia/Tokyo",
    )
    assert browser.get("/account/").status_code == 200
    used = Client().post(address, NEW)
    assert (used.status_code, "This link was used already" in used.content.decode()) == (410, True)


def test_an_invitation_expires(invited: Any) -> None:
    old = invited(now=timezone.now() - timedelta(days=7, seconds=1))
    answer = Client().post(f"/setup/{old.token}/", NEW)
    assert (answer.status_code, "This link has expired" in answer.content.decode()) == (410, True)


def test_a_weak_password_is_refused_and_the_invitation_still_works(invited: Any) -> None:
    address = f"/setup/{invited(now=timezone.now()).token}/"
    weak = Client().post(address, NEW | {"password": "taro@example.com", "again": "taro@example.com"})
    assert "too similar" in weak.content.decode()
    assert Client().post(address, NEW).status_code == 302


def test_the_first_administrators_link_and_an_invitation_leave_each_other_alone(invited: Any) -> None:
    invitation = invited(now=timezone.now())
    first = link()
    assert Client().get(f"/setup/{invitation.token}/").status_code == 200
    assert Client().get(first).status_code == 200


def test_too_many_failures_say_when_to_try_again_and_nothing_else(person: Any, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    person("viewer", username="hanako")
    said = []
    for name in ("hanako", "nobody"):
        browser = Client()
        for _ in range(5):
            assert browser.post("/login/", {"username": name, "password": "wrong"}).status_code == 200
        locked = browser.post("/login/", {"username": name, "password": "correct horse battery"})
        assert locked.status_code == 429
        said.append(re.search(r'role="alert">([^<]+)<', locked.content.decode())[1])  # type: ignore[index]
    assert said == ["Too many failed attempts. Try again in 1 minute."] * 2


@pytest.mark.parametrize(
    ("proxies", "header", "address"),
    [
        (0, "198.51.100.7", "127.0.0.1"),
        (1, "10.9.9.9, 198.51.100.7", "198.51.100.7"),
        (1, "198.51.100.7:51234", "198.51.100.7"),
        (1, "[2001:db8::7]:51234", "2001:db8::7"),
        (2, "10.9.9.9, 198.51.100.7, 203.0.113.1", "198.51.100.7"),
        (2, "198.51.100.7", "127.0.0.1"),
        (1, "<script>", "127.0.0.1"),
    ],
)
def test_a_visitors_address_is_what_our_own_proxies_say(proxies: int, header: str, address: str) -> None:
    from kairan.web.address import address_of

    request = RequestFactory().get("/", headers={"X-Forwarded-For": header})
    with override_settings(PROXIES=proxies):
        assert address_of(request) == address


@pytest.mark.parametrize("field", ["username", "name"])
@pytest.mark.parametrize("value", ["boss\u200b", "a\u202eb", "x" * 151])
def test_the_first_administrator_has_a_name_that_can_be_seen(db: None, field: str, value: str) -> None:
    from kairan.services import accounts
    from kairan.services.names import UnfitError
    from kairan.store.models import Person

    token = accounts.setup_link(timezone.now()) or ""
    said = {"username": "boss", "name": "Boss"} | {field: value}
    with pytest.raises(UnfitError) as unfit:
        accounts.use_setup_link(token, said["username"], said["name"], "correct horse battery", "en", timezone.now())
    assert unfit.value.field == field
    assert not Person.objects.exists()


def test_choosing_a_language_is_written_down_once(person: Any) -> None:
    from kairan.store.models import Audit

    client, someone = Client(), person("viewer")
    client.force_login(someone)
    for _ in range(2):
        client.post("/language/", {"language": "ja"})
    row = Audit.objects.get()
    assert (row.action, row.before, row.after) == ("person.settings", {"language": "en"}, {"language": "ja"})
    assert (row.subject, row.origin) == (f"person:{someone.pk}", "127.0.0.1")
