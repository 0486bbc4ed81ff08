"""Administrators' use cases: who may log in and as what; and the same from the command line."""

import json
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from kairan.domain.rights import Role
from kairan.services import accounts, lockout, people, profile
from kairan.services.actor import Actor
from kairan.services.names import UnfitError
from kairan.services.people import LastAdministratorError, OwnDoorError

NOW = datetime(2026, 7, 3, 12, 0, tzinfo=UTC)
ROOT = Actor("root")
WORDS = "correct horse battery"
Cli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def someone(name: str, role: Role = Role.VIEWER, *, password: str = WORDS) -> Any:
    """A person who has set a password."""
    from kairan.store.models import Person

    made = people.add(name, name="", email="", role=role, by=ROOT, now=NOW)
    if password:
        return accounts.use_invitation(made.token, password, "en", NOW)
    return Person.objects.get(pk=made.person)


def audited() -> list[tuple[Any, ...]]:
    from kairan.store.models import Audit

    return list(Audit.objects.order_by("id").values_list("action", "actor", "origin", "before", "after"))


@pytest.mark.django_db
def test_everything_that_is_done_to_a_person_is_in_the_audit() -> None:
    boss, taro = someone("boss", Role.ADMINISTRATOR), someone("taro")
    by = Actor("boss", boss.pk, "198.51.100.7")
    before = len(audited())
    people.change_role(taro.pk, Role.TRIAGER, by=by, now=NOW)
    people.disable(taro.pk, by=by, now=NOW)
    people.enable(taro.pk, by=by, now=NOW)
    people.reset(taro.pk, by=by, now=NOW)
    assert audited()[before:] == [
        ("person.role", "boss", "198.51.100.7", {"role": "viewer"}, {"role": "triager"}),
        ("person.disable", "boss", "198.51.100.7", {"active": True}, {"active": False}),
        ("person.enable", "boss", "198.51.100.7", {"active": False}, {"active": True}),
        ("person.reset", "boss", "198.51.100.7", None, None),
    ]


@pytest.mark.django_db
def test_what_changes_nothing_is_not_in_the_audit() -> None:
    taro = someone("taro")
    before = audited()
    people.change_role(taro.pk, Role.VIEWER, by=ROOT, now=NOW)
    people.enable(taro.pk, by=ROOT, now=NOW)
    people.unlock(taro.pk, by=ROOT, now=NOW)
    said = {"name": "", "email": "", "language": "en", "time_zone": "UTC"}
    profile.describe(taro.pk, **said, now=NOW, origin="")
    assert audited() == before


@pytest.mark.django_db
def test_the_last_administrator_who_can_log_in_stays_one() -> None:
    boss = someone("boss", Role.ADMINISTRATOR)
    someone("invited", Role.ADMINISTRATOR, password="")  # has no password yet: could not let anybody in
    for remove in (
        lambda: people.disable(boss.pk, by=ROOT, now=NOW),
        lambda: people.change_role(boss.pk, Role.APPROVER, by=ROOT, now=NOW),
    ):
        with pytest.raises(LastAdministratorError):
            remove()
    someone("second", Role.ADMINISTRATOR)
    people.disable(boss.pk, by=ROOT, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_of_two_administrators_who_remove_each_other_one_stays() -> None:
    from django.db import connection

    from kairan.store.models import Person

    one, other = someone("one", Role.ADMINISTRATOR), someone("other", Role.ADMINISTRATOR)

    def remove(by: Any, whom: Any) -> None:
        try:
            people.disable(whom.pk, by=Actor(by.username, by.pk), now=NOW)
        except LastAdministratorError:
            pass
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(remove, (one, other), (other, one)))
    assert Person.objects.filter(is_active=True, role="administrator").count() == 1


@pytest.mark.django_db
def test_nobody_changes_their_own_way_in() -> None:
    boss = someone("boss", Role.ADMINISTRATOR)
    someone("second", Role.ADMINISTRATOR)
    by = Actor("boss", boss.pk)
    for change in (
        lambda: people.disable(boss.pk, by=by, now=NOW),
        lambda: people.change_role(boss.pk, Role.VIEWER, by=by, now=NOW),
        lambda: people.reset(boss.pk, by=by, now=NOW),
    ):
        with pytest.raises(OwnDoorError):
            change()


@pytest.mark.django_db
def test_a_reset_ends_the_old_password_and_link_and_lifts_the_lockout() -> None:
    taro = someone("taro")
    older = people.reset(taro.pk, by=ROOT, now=NOW)
    for _ in range(5):
        accounts.authenticate("taro", WORDS, NOW)  # no longer right
    with pytest.raises(lockout.LockedOutError):
        accounts.authenticate("taro", WORDS, NOW)
    newer = people.reset(taro.pk, by=ROOT, now=NOW)
    with pytest.raises(accounts.SetupLinkUnusable):
        accounts.use_invitation(older.token, "another long phrase", "en", NOW)
    accounts.use_invitation(newer.token, "another long phrase", "en", NOW)
    assert accounts.authenticate("taro", "another long phrase", NOW) == taro


@pytest.mark.django_db
def test_disabling_ends_open_links_and_tokens() -> None:
    from kairan.services import tokens

    taro, invited = someone("taro"), people.add("jiro", name="", email="", role=Role.VIEWER, by=ROOT, now=NOW)
    secret, _ = tokens.create(taro.pk, "script", "read", None, NOW, "")
    people.disable(taro.pk, by=ROOT, now=NOW)
    people.disable(invited.person, by=ROOT, now=NOW)
    assert tokens.authenticate(secret, NOW) is None
    assert accounts.look_at(invited.token, NOW).state is accounts.LinkState.UNKNOWN


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"username": "  "}, "username"),
        ({"username": "a\nb"}, "username"),
        ({"username": "admin\u202e"}, "username"),
        ({"username": "x" * 151}, "username"),
        ({"name": "two\nlines"}, "name"),
        ({"email": "nowhere"}, "email"),
    ],
)
def test_names_that_deceive_and_addresses_that_are_none_are_refused(said: dict[str, str], field: str) -> None:
    with pytest.raises(UnfitError) as unfit:
        people.add(**({"username": "taro", "name": "", "email": ""} | said), role=Role.VIEWER, by=ROOT, now=NOW)
    assert unfit.value.field == field


@pytest.mark.django_db
def test_a_name_is_taken_in_whatever_case_and_width() -> None:
    someone("Taro")
    with pytest.raises(accounts.NameTaken):
        people.add("ｔＡＲＯ", name="", email="", role=Role.VIEWER, by=ROOT, now=NOW)


@pytest.mark.django_db
def test_a_new_password_needs_the_old_one_and_guessing_it_is_counted() -> None:
    taro = someone("taro")
    for _ in range(5):
        with pytest.raises(profile.WrongPasswordError):
            profile.change_password(taro.pk, "wrong", "another long phrase", NOW, "")
    with pytest.raises(lockout.LockedOutError):
        profile.change_password(taro.pk, WORDS, "another long phrase", NOW, "")


@pytest.mark.django_db
def test_pruning_forgets_links_long_dead_and_keeps_those_that_work() -> None:
    from datetime import timedelta

    from kairan.store.models import SetupLink

    someone("taro")  # a used link
    people.add("jiro", name="", email="", role=Role.VIEWER, by=ROOT, now=NOW)
    accounts.prune(NOW + timedelta(days=1))
    assert SetupLink.objects.count() == 2
    fresh = people.add("saburo", name="", email="", role=Role.VIEWER, by=ROOT, now=NOW + timedelta(days=60))
    accounts.prune(NOW + timedelta(days=60))
    assert accounts.look_at(fresh.token, NOW + timedelta(days=60)).state is accounts.LinkState.INVITES
    assert SetupLink.objects.count() == 1


# --- the command line ------------------------------------------------------------------------------------------------


def said(done: subprocess.CompletedProcess[str]) -> Any:
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_a_persons_life_on_the_command_line(store: None, cli: Cli) -> None:
    made = said(
        cli("user", "add", "Taro", "--role", "triager", "--name", "太郎", "--url", "https://k.example/", "--json")
    )
    assert made["username"] == "Taro"
    assert made["link"].startswith("https://k.example/setup/")
    accounts.use_invitation(made["link"].split("/")[4], WORDS, "ja", datetime.now(UTC))
    assert said(cli("user", "role", "tARO", "approver", "--json"))["role"] == "approver"
    assert said(cli("user", "disable", "taro", "--json"))["state"] == "disabled"
    assert said(cli("user", "enable", "taro", "--json"))["state"] == "active"
    assert said(cli("user", "unlock", "taro", "--json"))["locked_until"] is None
    assert "/setup/" in said(cli("user", "reset", "taro", "--json"))["link"]
    [listed] = said(cli("user", "list", "--json"))
    assert (listed["username"], listed["name"], listed["role"], listed["state"]) == (
        "Taro",
        "太郎",
        "approver",
        "invited",
    )
    assert "Taro" in cli("user", "list").stdout
    assert {origin for _, _, origin, _, _ in audited() if origin} == {"command line"}


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("user", "role", "boss", "viewer"), 1, "last administrator"),
        (("user", "disable", "boss"), 1, "last administrator"),
        (("user", "disable", "nobody"), 2, "nobody logs in as nobody"),
        (("user", "add", "boss"), 1, "someone has the name boss already"),
        (("user", "add", "x", "--email", "nowhere"), 2, "no e-mail address"),
        (("user", "add", "x", "--role", "king"), 2, "king"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    store: None, cli: Cli, words: tuple[str, ...], code: int, says: str
) -> None:
    someone("boss", Role.ADMINISTRATOR)
    done = cli(*words)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr
