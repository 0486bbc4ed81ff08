"""Failed logins: counted per name and per address, refused for growing times, forgotten after a quiet while."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kairan.services import accounts, lockout

NOW = datetime(2026, 7, 3, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def hanako() -> Any:
    from kairan.store.models import Person

    person = Person(username="Hanako", role="viewer", created_at=NOW)
    person.set_password("right")
    person.save()
    return person


def fail(times: int, name: str = "hanako", now: datetime = NOW, address: str = "") -> None:
    for _ in range(times):
        assert accounts.authenticate(name, "wrong", now, address=address) is None


def refused(name: str = "hanako", now: datetime = NOW, address: str = "") -> timedelta:
    """For how long from now."""
    with pytest.raises(lockout.LockedOutError) as locked:
        accounts.authenticate(name, "right", now, address=address)
    return locked.value.until - now


@pytest.mark.parametrize("name", ["hanako", "nobody"])
def test_the_fifth_failure_closes_the_door_then_each_one_for_longer(hanako: Any, name: str) -> None:
    fail(5, name)
    now, waits = NOW, []
    for _ in range(6):
        waits.append(refused(name, now) // MINUTE)
        now += waits[-1] * MINUTE
        fail(1, name, now)
    assert waits == [1, 2, 4, 8, 15, 15]


def test_all_spellings_of_a_name_count_together(hanako: Any) -> None:
    for name in ("hanako", "HANAKO", " Hanako ", "ｈａｎａｋｏ", "hAnAkO"):
        fail(1, name)
    assert refused("Hanako") == MINUTE


def test_four_failures_and_then_the_right_one_begin_anew(hanako: Any) -> None:
    fail(4)
    assert accounts.authenticate("hanako", "right", NOW) == hanako
    fail(4)
    assert accounts.authenticate("hanako", "right", NOW) == hanako


def test_failures_far_apart_do_not_add_up(hanako: Any) -> None:
    for number in range(8):
        fail(1, now=NOW + number * timedelta(minutes=4))
    fail(4, now=NOW + timedelta(hours=1))
    assert accounts.authenticate("hanako", "right", NOW + timedelta(hours=1)) == hanako


def test_a_quiet_quarter_of_an_hour_after_a_lockout_forgives(hanako: Any) -> None:
    fail(5)
    quiet = NOW + MINUTE + timedelta(minutes=15)
    fail(4, now=quiet)
    assert accounts.authenticate("hanako", "right", quiet) == hanako


def test_an_address_is_refused_after_thirty_failures_with_any_names(hanako: Any) -> None:
    for number in range(30):
        fail(1, f"name{number}", address="198.51.100.7")
    assert refused("hanako", address="198.51.100.7") == MINUTE
    assert accounts.authenticate("hanako", "right", NOW, address="198.51.100.8") == hanako


def test_a_closed_address_cannot_lock_names_out(hanako: Any) -> None:
    for number in range(30):
        fail(1, f"name{number}", address="198.51.100.7")
    for _ in range(9):
        refused("hanako", address="198.51.100.7")
    fail(4, address="198.51.100.8")
    assert accounts.authenticate("hanako", "right", NOW, address="198.51.100.8") == hanako


def test_logins_that_succeed_use_an_address_up_for_nobody(hanako: Any) -> None:
    for _ in range(40):
        assert accounts.authenticate("hanako", "right", NOW, address="198.51.100.7") == hanako
    for number in range(29):
        fail(1, f"name{number}", address="198.51.100.7")
    assert accounts.authenticate("hanako", "right", NOW, address="198.51.100.7") == hanako


@pytest.mark.parametrize(
    ("one", "other"), [("2001:db8::1", "2001:db8::ffff:1"), ("::ffff:198.51.100.7", "198.51.100.7")]
)
def test_addresses_that_one_visitor_has_are_one(one: str, other: str) -> None:
    assert lockout._address_key(one) == lockout._address_key(other)


def test_lockouts_are_in_the_audit_without_what_was_typed(hanako: Any) -> None:
    from kairan.store.models import Audit

    fail(5, address="198.51.100.7")
    fail(5, "my-secret-password", address="198.51.100.7")
    rows = list(Audit.objects.order_by("id").values_list("action", "subject", "origin", "after__failures"))
    assert rows == [
        ("login.locked", f"person:{hanako.pk}", "198.51.100.7", 5),
        ("login.locked", "login", "198.51.100.7", 5),
    ]
    assert not any("my-secret-password" in str(row.after) + row.actor for row in Audit.objects.all())


def test_no_name_is_kept_where_failures_are_counted() -> None:
    from kairan.store.models import Throttle

    fail(1, "my-secret-password")
    assert "secret" not in Throttle.objects.get().key


def test_an_inactive_person_is_refused_like_a_wrong_password(hanako: Any) -> None:
    hanako.is_active = False
    hanako.save()
    assert accounts.authenticate("hanako", "right", NOW) is None


def test_every_failure_costs_one_hash_so_that_time_tells_nothing(hanako: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.contrib.auth.hashers import MD5PasswordHasher

    from kairan.store.models import Person

    Person.objects.create(username="gone", password=hanako.password, is_active=False, role="viewer", created_at=NOW)
    invited = Person(username="invited", role="viewer", created_at=NOW)
    invited.set_unusable_password()
    invited.save()
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *said: hashed.append("") or encode(*said))
    costs = []
    for name in ("hanako", "nobody", "gone", "invited"):
        hashed.clear()
        fail(1, name)
        costs.append(len(hashed))
    assert costs == [1, 1, 1, 1]


def test_old_counts_are_pruned_and_locks_that_stand_are_not(hanako: Any) -> None:
    fail(1, "long-ago", now=NOW - timedelta(hours=1))
    fail(5)
    assert lockout.prune(NOW) == 1
    assert refused() == MINUTE


@pytest.mark.django_db(transaction=True)
def test_guesses_at_the_same_instant_cannot_slip_through(hanako: Any) -> None:
    """Twenty at once: five are looked at, the others are refused unseen."""
    from django.db import connection

    def guess(_: int) -> str:
        try:
            accounts.authenticate("hanako", "wrong", NOW)
        except lockout.LockedOutError:
            return "refused"
        finally:
            connection.close()
        return "looked at"

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(guess, range(20)))
    assert answers.count("looked at") == 5
