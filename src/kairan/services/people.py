"""Use cases of administrators: who may log in, and as what. Each change writes who made it, and from where."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q

from kairan.domain.errors import ConfigError, KairanError
from kairan.domain.rights import Role
from kairan.services import accounts, lockout
from kairan.services.accounts import NameTaken
from kairan.services.actor import Actor
from kairan.services.names import fit_email, fit_line, fit_username, spelled
from kairan.store.connection import raw_cursor
from kairan.store.models import Person, SetupLink
from kairan.store.queries.audit import add_audit


class NoSuchPersonError(ConfigError):
    """Nobody logs in by this name."""


class LastAdministratorError(KairanError):
    """Nobody would be left who can let people in."""


class OwnDoorError(KairanError):
    """Nobody takes their own role or way in: another administrator does it."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """The one-time token by which a person sets a password. It is shown once: only its hash is kept."""

    person: int
    username: str
    token: str
    expires_at: datetime


def add(username: str, *, name: str, email: str, role: Role, by: Actor, now: datetime) -> Invitation:
    """Make someone who can log in as soon as they have set a password. UnfitError, NameTaken."""
    username = fit_username(username)
    person = Person(username=username, name=fit_line("name", name), email=fit_email(email), role=role, created_at=now)
    person.set_unusable_password()
    try:
        with transaction.atomic():
            person.save()
            said = {"username": username, "name": person.name, "email": person.email, "role": role.value}
            _audit(by, now, "person.create", person, None, said)
            return _invited(person, now)
    except IntegrityError:
        raise NameTaken(f"someone has the name {username} already") from None


@transaction.atomic
def change_role(number: int, role: Role, *, by: Actor, now: datetime) -> None:
    """Their next request is looked at with the new role."""
    person, others = _with_other_administrators(number, by)
    if person.role == role:
        return
    _protect(person, others)
    before, person.role = person.role, role
    person.save(update_fields=["role"])
    _audit(by, now, "person.role", person, {"role": before}, {"role": role.value})


@transaction.atomic
def disable(number: int, *, by: Actor, now: datetime) -> None:
    """They are out at once: sessions, tokens and links of theirs no longer count. All they did stays."""
    person, others = _with_other_administrators(number, by)
    if not person.is_active:
        return
    _protect(person, others)
    person.is_active = False
    person.save(update_fields=["is_active"])
    SetupLink.objects.filter(person=person, used_at=None).delete()
    _audit(by, now, "person.disable", person, {"active": True}, {"active": False})


@transaction.atomic
def enable(number: int, *, by: Actor, now: datetime) -> None:
    """They may log in again, with the password they had."""
    person = _locked(number)
    if person.is_active:
        return
    person.is_active = True
    person.save(update_fields=["is_active"])
    _audit(by, now, "person.enable", person, {"active": False}, {"active": True})


@transaction.atomic
def reset(number: int, *, by: Actor, now: datetime) -> Invitation:
    """Forget their password and make a new link. Their sessions end: each is bound to the password it began with."""
    person = _locked(number)
    _not_oneself(number, by)
    if not person.is_active:
        raise KairanError(f"{person.username} is disabled; enable them first")
    person.set_unusable_password()
    person.save(update_fields=["password"])
    lockout.unlock(person.username)
    _audit(by, now, "person.reset", person, None, None)
    return _invited(person, now)


@transaction.atomic
def unlock(number: int, *, by: Actor, now: datetime) -> bool:
    """Let them try again at once, after too many wrong passwords. Was anything counted?"""
    person = _locked(number)
    counted = lockout.unlock(person.username)
    if counted:
        _audit(by, now, "person.unlock", person, None, None)
    return counted


def number_of(username: str) -> int:
    """The person who logs in by this name, in whatever case."""
    found = Person.objects.filter(username__iexact=spelled(username)).values_list("pk", flat=True).first()
    if found is None:
        raise NoSuchPersonError(f"nobody logs in as {username}; `kairan user list` shows who does")
    return found


def _with_other_administrators(number: int, by: Actor) -> tuple[Person, Sequence[Person]]:
    """The person, and whoever else can administer today; all locked: of two who remove each other one comes second."""
    _not_oneself(number, by)
    administrators = Q(role=Role.ADMINISTRATOR, is_active=True)
    rows = Person.objects.select_for_update().filter(Q(pk=number) | administrators).order_by("pk")
    found = {person.pk: person for person in rows}
    if number not in found:
        raise NoSuchPersonError(f"there is no person {number}")
    return found.pop(number), [person for person in found.values() if person.has_usable_password()]


def _protect(person: Person, others: Sequence[Person]) -> None:
    if person.role == Role.ADMINISTRATOR and person.is_active and not others:
        raise LastAdministratorError(
            f"{person.username} is the last administrator who can log in; make someone else one first"
        )


def _not_oneself(number: int, by: Actor) -> None:
    if number == by.person:
        raise OwnDoorError("nobody changes their own role or way in; ask another administrator")


def _locked(number: int) -> Person:
    person = Person.objects.select_for_update().filter(pk=number).first()
    if person is None:
        raise NoSuchPersonError(f"there is no person {number}")
    return person


def _invited(person: Person, now: datetime) -> Invitation:
    return Invitation(person.pk, person.username, accounts.invite(person, now), now + accounts.INVITED_FOR)


def _audit(by: Actor, now: datetime, action: str, person: Person, before: object, after: object) -> None:
    subject = f"person:{person.pk}"
    add_audit(raw_cursor(), now, by.name, action, subject, before, after, person=by.person, origin=by.origin)
