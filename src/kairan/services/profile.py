"""Use cases of a person about themselves: how they are called, what they read, their password."""

from datetime import datetime
from zoneinfo import available_timezones

from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from kairan.domain.errors import KairanError
from kairan.services import accounts
from kairan.services.names import UnfitError, fit_email, fit_line
from kairan.store.connection import raw_cursor
from kairan.store.models import Person
from kairan.store.queries.audit import add_audit


class WrongPasswordError(KairanError):
    """The password of today is another one."""


@transaction.atomic
def describe(
    person_id: int, *, name: str, email: str, language: str, time_zone: str, now: datetime, origin: str
) -> None:
    """How this person is called and reached, which language they read, by which clock. UnfitError."""
    if time_zone not in available_timezones():
        raise UnfitError("time_zone", f"{time_zone!r} is no time zone of the IANA list")
    person = Person.objects.select_for_update().get(pk=person_id)
    said = {
        "name": fit_line("name", name),
        "email": fit_email(email),
        "language": language,
        "time_zone": time_zone,
    }
    before = {field: getattr(person, field) for field in said}
    changed = [field for field in said if said[field] != before[field]]
    if not changed:
        return
    for field in changed:
        setattr(person, field, said[field])
    person.save(update_fields=changed)
    _audit(now, person, "person.settings", {f: before[f] for f in changed}, {f: said[f] for f in changed}, origin)


@transaction.atomic
def choose_language(person_id: int, language: str, now: datetime, origin: str) -> None:
    """Remember in which language this person reads."""
    person = Person.objects.select_for_update().get(pk=person_id)
    before, person.language = person.language, language
    if before != language:
        person.save(update_fields=["language"])
        _audit(now, person, "person.settings", {"language": before}, {"language": language}, origin)


def change_password(person_id: int, old: str, new: str, now: datetime, origin: str) -> Person:
    """Set a new password; every session but one made anew by the caller ends.

    WrongPasswordError, also counted as a failed login (a session left open must not become a place to guess);
    lockout.LockedOutError; Django's ValidationError for a new one that is too weak.
    """
    username = Person.objects.values_list("username", flat=True).get(pk=person_id)
    if accounts.authenticate(username, old, now, address=origin) is None:
        raise WrongPasswordError("the password of today is another one")
    with transaction.atomic():
        person = Person.objects.select_for_update().get(pk=person_id)
        validate_password(new, person)
        person.set_password(new)
        person.save(update_fields=["password"])
        _audit(now, person, "person.password", None, {"by": "oneself"}, origin)
    return person


def _audit(now: datetime, person: Person, action: str, before: object, after: object, origin: str) -> None:
    subject = f"person:{person.pk}"
    add_audit(raw_cursor(), now, person.username, action, subject, before, after, person=person.pk, origin=origin)
