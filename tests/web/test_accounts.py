"""The one-time set-up link, login and logout, language and theme."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

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
    assert browser.get("/findings/").status_code == 200
    made = Person.objects.get()
    assert (made.username, made.role, made.time_zone) == ("Hanako", "administrator", "Asia/Tokyo")
    assert Audit.objects.get().action == "person.create"
    assert SetupLink.objects.get().used_at is not None

    again = Client().post(address, FORM | {"username": "mallory"})
    assert again.status_code == 410
    assert "kairan up" in again.content.decode()
    assert Person.objects.count() == 1
    assert accounts.setup_link(NOW) is None


@pytest.mark.django_db
def test_a_newer_link_replaces_the_older_and_only_hashes_are_kept() -> None:
    from kairan.store.models import SetupLink

    older, newer = link(), link()
    assert Client().get(older).status_code == 410
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
    assert accounts.setup_link_works(token)


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
    assert browser.get("/findings/").status_code == 200
    assert browser.get("/logout/").status_code == 405
    assert browser.post("/logout/")["Location"] == "/login/"
    assert browser.get("/findings/").status_code == 302


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
    assert '<html lang="ja"' in browser.get("/findings/").content.decode()
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
    assert 'data-theme="dark"' in viewer.get("/findings/").content.decode()
    viewer.post("/theme/", {"theme": '"><script>'})
    assert 'data-theme="dark"' in viewer.get("/findings/").content.decode()
