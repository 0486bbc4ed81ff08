"""Who reads the page, and who acts on it."""

from django.http import HttpRequest

from kairan.services.actor import Actor
from kairan.store.models import Person
from kairan.web.address import address_of


def reader(request: HttpRequest) -> Person:
    """The person who is logged in: behind `@needs` there always is one."""
    assert isinstance(request.user, Person)
    return request.user


def actor_of(request: HttpRequest) -> Actor:
    """The reader as the one who does something, for the audit."""
    person = reader(request)
    return Actor(person.username, person.pk, address_of(request))
