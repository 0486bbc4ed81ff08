"""People's ways in: the one-time set-up link, the first administrator, passwords, a person's own settings."""

import hashlib
import secrets
import unicodedata
from datetime import datetime
from zoneinfo import available_timezones

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from kairan.domain.errors import KairanError
from kairan.domain.rights import Role
from kairan.store.models import Audit, Person, SetupLink


class SetupLinkUnusable(KairanError):  # noqa: N818 - says what is the matter with the link
    """The link was used, replaced by a newer one, or never made."""


class NameTaken(KairanError):  # noqa: N818 - says what is the matter with the name
    """Someone else logs in by this name, in whatever case."""


@transaction.atomic
def setup_link(now: datetime) -> str | None:
    """Make a new one-time token, the only valid one from now on; None when an administrator exists."""
    if _administrator_exists():
        return None
    SetupLink.objects.filter(used_at=None).delete()
    token = secrets.token_urlsafe(32)
    SetupLink.objects.create(token_hash=_hash(token), created_at=now)
    return token


def setup_link_works(token: str) -> bool:
    """Could this token still make the first administrator?"""
    return SetupLink.objects.filter(token_hash=_hash(token), used_at=None).exists() and not _administrator_exists()


@transaction.atomic
def use_setup_link(
    token: str,
    username: str,
    name: str,
    password: str,
    language: str,
    now: datetime,
    *,
    time_zone: str = "UTC",
    origin: str = "",
) -> Person:
    """Create the first administrator, once.

    SetupLinkUnusable for a token that does not (or no longer) count; NameTaken; for a password that is too weak
    Django's ValidationError, with its reasons in the reader's language.
    """
    # Every open link is locked, so that of two people with two links only one becomes administrator.
    links = {bytes(link.token_hash): link for link in SetupLink.objects.select_for_update().filter(used_at=None)}
    link = links.get(_hash(token))
    if link is None or _administrator_exists():
        raise SetupLinkUnusable("This set-up link was used, replaced or never made; `kairan up` prints a new one.")
    person = Person(
        username=_spelled(username),
        name=name.strip(),
        role=Role.ADMINISTRATOR,
        language=language,
        time_zone=time_zone if time_zone in available_timezones() else "UTC",
        created_at=now,
    )
    if Person.objects.filter(username__iexact=person.username).exists():
        raise NameTaken(f"The name {person.username} is taken.")
    validate_password(password, person)
    person.set_password(password)
    person.save()
    link.used_at = now
    link.save(update_fields=["used_at"])
    _audit(now, person, "person.create", {"username": person.username, "role": person.role}, origin)
    return person


def authenticate(username: str, password: str, now: datetime) -> Person | None:
    """The active person of this name and password, else None.

    The one door for passwords: counting failures and locking out (which needs `now`) belong here.
    """
    person = Person.objects.filter(username__iexact=_spelled(username)).first()
    if person is None:
        make_password(password)  # takes as long as a wrong password does: the time tells nobody which names exist
        return None
    return person if person.check_password(password) and person.is_active else None


def choose_language(person_id: int, language: str) -> None:
    """Remember in which language this person reads."""
    Person.objects.filter(pk=person_id).update(language=language)


def _administrator_exists() -> bool:
    return Person.objects.filter(role=Role.ADMINISTRATOR, is_active=True).exists()


def _spelled(username: str) -> str:
    """One spelling for names that look the same."""
    return unicodedata.normalize("NFKC", username.strip())


def _hash(token: str) -> bytes:
    """A token has 256 random bits: no salt and no slow hash needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _audit(now: datetime, person: Person, action: str, after: dict[str, str], origin: str) -> None:
    Audit.objects.create(
        at=now,
        person=person,
        actor=person.username,
        action=action,
        subject=f"person:{person.pk}",
        after=after,
        origin=origin,
    )
