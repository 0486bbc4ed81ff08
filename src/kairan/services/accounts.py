"""People's ways in: one-time links (of the first administrator, of someone invited), names and passwords."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from zoneinfo import available_timezones

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q

from kairan.domain.errors import KairanError
from kairan.domain.rights import Role
from kairan.services import lockout
from kairan.services.names import fit_line, fit_username, spelled
from kairan.store.models import Audit, Person, SetupLink

INVITED_FOR = timedelta(days=7)
_DEAD_LINKS = timedelta(days=30)  # as long a link that was used or expired says so


class SetupLinkUnusable(KairanError):  # noqa: N818 - says what is the matter with the link
    """The link was used, has expired, was replaced by a newer one, or never made."""


class NameTaken(KairanError):  # noqa: N818 - says what is the matter with the name
    """Someone else logs in by this name, in whatever case."""


class LinkState(Enum):
    FIRST = auto()  # makes the first administrator
    INVITES = auto()  # lets its person set a password
    USED = auto()
    EXPIRED = auto()
    UNKNOWN = auto()  # never made, copied incompletely, or replaced by a newer one


@dataclass(frozen=True, slots=True)
class Link:
    """What a one-time link is good for. `name` and `username` are its person's, where it invites one."""

    state: LinkState
    username: str = ""
    name: str = ""


@transaction.atomic
def setup_link(now: datetime) -> str | None:
    """Make a new one-time token, the only valid one from now on; None when an administrator exists."""
    if _administrator_exists():
        return None
    SetupLink.objects.filter(used_at=None, person=None).delete()
    return _new_link(now)


def invite(person: Person, now: datetime) -> str:
    """Make this person's token, the only valid one from now on. Part of the caller's transaction."""
    SetupLink.objects.filter(used_at=None, person=person).delete()
    return _new_link(now, person, now + INVITED_FOR)


def look_at(token: str, now: datetime) -> Link:
    """What this token is good for now. Looking does not use it up."""
    link = SetupLink.objects.select_related("person").filter(token_hash=_hash(token)).first()
    if link is None:
        return Link(LinkState.UNKNOWN)
    if link.used_at or (link.person is None and _administrator_exists()):
        return Link(LinkState.USED)
    if link.person is None:
        return Link(LinkState.FIRST)
    if not _counts(link, now):
        return Link(LinkState.EXPIRED)
    return Link(LinkState.INVITES, link.person.username, link.person.name)


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

    SetupLinkUnusable for a token that does not (or no longer) count; NameTaken; UnfitError; for a password that is
    too weak Django's ValidationError, with its reasons in the reader's language.
    """
    # Every open link is locked, so that of two people with two links only one becomes administrator.
    open_links = SetupLink.objects.select_for_update().filter(used_at=None, person=None)
    links = {bytes(link.token_hash): link for link in open_links}
    link = links.get(_hash(token))
    if link is None or _administrator_exists():
        raise SetupLinkUnusable("This set-up link was used, replaced or never made; `kairan up` prints a new one.")
    person = Person(
        username=fit_username(username),
        name=fit_line("name", name),
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


@transaction.atomic
def use_invitation(
    token: str, password: str, language: str, now: datetime, *, time_zone: str = "", origin: str = ""
) -> Person:
    """Set the password of the link's person, once. Raises as `use_setup_link` does."""
    unusable = SetupLinkUnusable("This link was used, has expired or was replaced; ask for a new one.")
    link = SetupLink.objects.filter(token_hash=_hash(token), used_at=None).exclude(person=None).first()
    if link is None or link.person_id is None:
        raise unusable
    # The person first, then the link: in the order in which resetting and disabling take them.
    person = link.person = Person.objects.select_for_update().get(pk=link.person_id)
    if not _counts(link, now) or not SetupLink.objects.filter(pk=link.pk, used_at=None).update(used_at=now):
        raise unusable
    validate_password(password, person)
    person.set_password(password)
    person.language = language
    if time_zone in available_timezones():
        person.time_zone = time_zone
    person.save()
    _audit(now, person, "person.password", {"by": "link"}, origin)
    return person


def authenticate(username: str, password: str, now: datetime, *, address: str = "") -> Person | None:
    """The active person of this name and password, else None. The one door for passwords.

    Raises lockout.LockedOutError after too many failures of this name, known or not, or from this address.
    """
    attempt = lockout.begin(username, address, now)
    person = Person.objects.filter(username__iexact=spelled(username)).first()
    if person is None:
        make_password(password)  # takes as long as a wrong password does: the time tells nobody which names exist
    elif person.check_password(password) and person.is_active:
        attempt.succeeded()
        return person
    attempt.failed(person, now)
    return None


def prune(now: datetime) -> int:
    """What ways in leave behind: counts of failed logins, sessions that ended, links long dead. Returns how many."""
    dead_links = Q(used_at__lt=now - _DEAD_LINKS) | Q(expires_at__lt=now - _DEAD_LINKS)
    links, _ = SetupLink.objects.filter(dead_links).delete()
    sessions, _ = Session.objects.filter(expire_date__lt=now).delete()
    return lockout.prune(now) + links + sessions


def _administrator_exists() -> bool:
    return Person.objects.filter(role=Role.ADMINISTRATOR, is_active=True).exists()


def _counts(link: SetupLink, now: datetime) -> bool:
    in_time = link.expires_at is None or link.expires_at > now
    return in_time and link.person is not None and link.person.is_active


def _new_link(now: datetime, person: Person | None = None, expires_at: datetime | None = None) -> str:
    token = secrets.token_urlsafe(32)
    SetupLink.objects.create(token_hash=_hash(token), person=person, created_at=now, expires_at=expires_at)
    return token


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
