"""Tokens for scripts: made by their person, shown once, kept as a hash, ended by their person or an administrator."""

import hashlib
import secrets
import zlib
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from kairan.domain.errors import KairanError
from kairan.domain.rights import Right, TokenScope, may
from kairan.store.connection import raw_cursor
from kairan.store.models import Person
from kairan.store.queries import tokens
from kairan.store.queries.audit import add_audit
from kairan.store.queries.tokens import Bearer, Token

PREFIX = "kairan_"  # by which people, and scanners of repositories, know what they found
LONGEST_NAME = 100
_SIGNS = 43  # of 32 random bytes
_CHECK = 8
_HINT = len(PREFIX) + 4


class TokenRefusedError(KairanError):
    """A token cannot be made as asked: the message says why."""


class NoSuchTokenError(KairanError):
    """There is no such token that this person may end."""


@transaction.atomic
def create(
    person_id: int, name: str, scope: str, expires_at: datetime | None, now: datetime, origin: str
) -> tuple[str, int]:
    """Make a token for this person: its text, which is shown once and never kept, and its id."""
    person = Person.objects.filter(pk=person_id, is_active=True).first()
    if person is None:
        raise TokenRefusedError("only people who are active have tokens")
    text = _new_text()
    token = Token(0, _checked(name), text[:_HINT], _scope(scope), now, _later(expires_at, now), None, None)
    number = tokens.add(person_id, token, _hash(text))
    _audit(now, person, "token.create", number, None, _said(token, person.username), origin)
    return text, number


def of_person(person_id: int) -> Sequence[Token]:
    """All of this person's tokens, the newest first; `works(now)` says which still count."""
    return tokens.of_person(person_id)


@transaction.atomic
def revoke(person_id: int, token_id: int, now: datetime, origin: str) -> None:
    """End a token, for good. Its person may, and whoever manages people; for others there is none. Twice is once."""
    person = Person.objects.filter(pk=person_id, is_active=True).first()
    owned = tokens.lock(token_id)
    if person is None or owned is None or (owned.person_id != person_id and not may(person.role, Right.MANAGE_PEOPLE)):
        raise NoSuchTokenError(f"there is no token {token_id}")
    if owned.token.revoked_at is None:
        tokens.end(token_id, now)
        _audit(now, person, "token.revoke", token_id, _said(owned.token, owned.username), None, origin)


def authenticate(text: str, now: datetime) -> Bearer | None:
    """Who this text stands for; None where it is no token, has ended, or its person is no longer active."""
    if not _is_ours(text):
        return None
    bearer = tokens.bearer(_hash(text), now)
    if bearer and (bearer.last_used_at is None or bearer.last_used_at <= now - tokens.USED_EVERY):
        tokens.used(bearer.token_id, now)
    return bearer


def _new_text() -> str:
    body = PREFIX + secrets.token_urlsafe(32)
    return body + _check(body)


def _is_ours(text: str) -> bool:
    """Does its checksum fit? A mistyped or made-up text costs no query."""
    if not (text.isascii() and text.startswith(PREFIX) and len(text) == len(PREFIX) + _SIGNS + _CHECK):
        return False
    return text[-_CHECK:] == _check(text[:-_CHECK])


def _check(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"


def _hash(text: str) -> bytes:
    """A token has 256 random bits: no salt and no slow hash needed."""
    return hashlib.sha256(text.encode()).digest()


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise TokenRefusedError(f"a token needs a name of at most {LONGEST_NAME} printable signs: what will use it?")
    return name


def _scope(scope: str) -> TokenScope:
    try:
        return TokenScope(scope)
    except ValueError:
        raise TokenRefusedError(f"a token's scope is one of {', '.join(TokenScope)}, not {scope!r}") from None


def _later(expires_at: datetime | None, now: datetime) -> datetime | None:
    if expires_at is not None and expires_at <= now:
        raise TokenRefusedError("a token's end has to lie in the future")
    return expires_at


def _said(token: Token, username: str) -> dict[str, str | None]:
    """What the audit keeps of a token: nothing by which anyone could come in."""
    until = token.expires_at.isoformat() if token.expires_at else None
    return {"person": username, "name": token.name, "scope": str(token.scope), "expires_at": until}


def _audit(now: datetime, person: Person, action: str, number: int, before: object, after: object, origin: str) -> None:
    subject = f"token:{number}"
    add_audit(raw_cursor(), now, person.username, action, subject, before, after, person=person.pk, origin=origin)
