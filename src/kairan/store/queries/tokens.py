"""Tokens of scripts: found by hash, listed by person, ended by revoking. What a token is made of never lies here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.sql import SQL

from kairan.store.connection import raw_cursor
from kairan.store.queries.findings import fetch, read

USED_EVERY = timedelta(minutes=1)  # how exactly "last used" is known: a write for each request would cost more


@dataclass(frozen=True, slots=True)
class Token:
    """A token as its person sees it. `hint` are its first signs."""

    id: int
    name: str
    hint: str
    scope: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    def works(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who comes with a token: the person with today's role, and what the token allows."""

    token_id: int
    person_id: int
    username: str
    name: str
    role: str
    scope: str
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Owned:
    """A token with whose it is, locked for a change."""

    token: Token
    person_id: int
    username: str


_COLUMNS = SQL("t.id, t.name, t.hint, t.scope, t.created_at, t.expires_at, t.last_used_at, t.revoked_at")


def of_person(person: int) -> Sequence[Token]:
    """All of this person's tokens, those that work no more included; the newest first."""
    query = SQL("select {columns} from api_token t where t.person_id = {person} order by t.created_at desc, t.id desc")
    return [read(Token, row) for row in fetch(query.format(columns=_COLUMNS, person=person))]


def bearer(token_hash: bytes, now: datetime) -> Bearer | None:
    """Who this token stands for; None where it, or the person, no longer counts."""
    query = SQL(
        """
        select t.id, p.id, p.username, p.name, p.role, t.scope, t.last_used_at
        from api_token t join person p on p.id = t.person_id
        where t.token_hash = {hash} and t.revoked_at is null and (t.expires_at is null or t.expires_at > {now})
          and p.is_active
        """
    )
    found = fetch(query.format(hash=token_hash, now=now))
    return Bearer(*found[0]) if found else None


def lock(number: int) -> Owned | None:
    """This token, locked until the transaction ends."""
    query = SQL(
        """
        select {columns}, t.person_id, p.username
        from api_token t join person p on p.id = t.person_id where t.id = {number} for update of t
        """
    )
    for *token, person, username in fetch(query.format(columns=_COLUMNS, number=number)):
        return Owned(read(Token, tuple(token)), person, username)
    return None


def add(person: int, token: Token, token_hash: bytes) -> int:
    """Write a new token (its `id` does not count); the id it got."""
    query = """
        insert into api_token (person_id, name, hint, token_hash, scope, created_at, expires_at)
        values (%s, %s, %s, %s, %s, %s, %s) returning id
    """
    cursor = raw_cursor()
    cursor.execute(query, (person, token.name, token.hint, token_hash, token.scope, token.created_at, token.expires_at))
    [(number,)] = cursor.fetchall()
    return int(number)


def used(number: int, now: datetime) -> None:
    """Remember that the token was used just now, unless another request said so within `USED_EVERY`."""
    raw_cursor().execute(
        "update api_token set last_used_at = %s where id = %s and (last_used_at is null or last_used_at <= %s)",
        (now, number, now - USED_EVERY),
    )


def end(number: int, now: datetime) -> None:
    raw_cursor().execute("update api_token set revoked_at = %s where id = %s", (now, number))
