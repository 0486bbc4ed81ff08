"""Tokens: made once, kept as a hash, worth what their person is worth today."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kairan.services import tokens
from tests.web.conftest import person

NOW = datetime(2026, 7, 3, 12, 0, tzinfo=UTC)
__all__ = ["person"]


def make(someone: Any, scope: str = "write", expires_at: datetime | None = None) -> tuple[str, int]:
    return tokens.create(someone.pk, "nightly import", scope, expires_at, NOW, "127.0.0.1")


def audited() -> list[tuple[str, str, str]]:
    from kairan.store.models import Audit

    return list(Audit.objects.order_by("id").values_list("actor", "action", "origin"))


def test_a_token_stands_for_its_person_with_todays_role(person: Any) -> None:
    someone = person("triager", username="hanako")
    text, _ = make(someone)
    assert tokens.authenticate(text, NOW).role == "triager"  # type: ignore[union-attr]
    someone.role = "viewer"
    someone.save()
    bearer = tokens.authenticate(text, NOW)
    assert bearer is not None
    assert (bearer.person_id, bearer.username, bearer.role, bearer.scope) == (someone.pk, "hanako", "viewer", "write")


def test_only_the_hash_and_the_first_signs_are_kept(person: Any) -> None:
    from kairan.store.models import ApiToken

    text, number = make(person())
    kept = ApiToken.objects.get(pk=number)
    assert bytes(kept.token_hash) == hashlib.sha256(text.encode()).digest()
    assert text.startswith("kairan_")
    assert text.startswith(kept.hint)
    assert len(kept.hint) < 12
    assert text not in repr(vars(kept))


def test_what_ended_opens_nothing(person: Any) -> None:
    someone = person()
    revoked, number = make(someone)
    tokens.revoke(someone.pk, number, NOW, "127.0.0.1")
    expiring, _ = make(someone, expires_at=NOW + timedelta(days=1))
    assert tokens.authenticate(revoked, NOW) is None
    assert tokens.authenticate(expiring, NOW) is not None
    assert tokens.authenticate(expiring, NOW + timedelta(days=1)) is None
    working, _ = make(someone)
    someone.is_active = False
    someone.save()
    assert tokens.authenticate(working, NOW) is None


@pytest.mark.parametrize("text", ["", "kairan_", "kairan_" + "a" * 51, "Kairan\0", "\ud800" * 58, "東" * 58])
def test_what_is_no_token_opens_nothing_and_asks_nobody(text: str, django_assert_num_queries: Any, db: None) -> None:
    with django_assert_num_queries(0):
        assert tokens.authenticate(text, NOW) is None


def test_a_single_wrong_sign_opens_nothing(person: Any) -> None:
    text, _ = make(person())
    assert tokens.authenticate(text[:20] + ("x" if text[20] != "x" else "y") + text[21:], NOW) is None
    assert tokens.authenticate(text + " ", NOW) is None


def test_the_last_use_is_written_at_most_once_a_minute(person: Any) -> None:
    someone = person()
    text, _ = make(someone)
    for seconds, known in ((0, 0), (59, 0), (60, 60), (61, 60)):
        tokens.authenticate(text, NOW + timedelta(seconds=seconds))
        [token] = tokens.of_person(someone.pk)
        assert token.last_used_at == NOW + timedelta(seconds=known)


def test_its_person_or_an_administrator_ends_it_nobody_else(person: Any) -> None:
    someone, other, boss = person(), person("approver"), person("administrator")
    _, first = make(someone)
    _, second = make(someone)
    with pytest.raises(tokens.NoSuchTokenError):
        tokens.revoke(other.pk, first, NOW, "127.0.0.1")
    tokens.revoke(someone.pk, first, NOW, "127.0.0.1")
    tokens.revoke(someone.pk, first, NOW, "127.0.0.1")
    tokens.revoke(boss.pk, second, NOW, "127.0.0.1")
    assert not any(token.works(NOW) for token in tokens.of_person(someone.pk))
    mine = (someone.username, "token.create", "127.0.0.1")
    assert audited() == [
        mine,
        mine,
        (someone.username, "token.revoke", "127.0.0.1"),
        (boss.username, "token.revoke", "127.0.0.1"),
    ]


@pytest.mark.parametrize(
    ("name", "scope", "expires_at"),
    [("  ", "read", None), ("x" * 101, "read", None), ("a\0b", "read", None), ("x", "all", None), ("x", "read", NOW)],
)
def test_a_token_that_makes_no_sense_is_refused(name: str, scope: str, expires_at: Any, person: Any) -> None:
    with pytest.raises(tokens.TokenRefusedError):
        tokens.create(person().pk, name, scope, expires_at, NOW, "127.0.0.1")
