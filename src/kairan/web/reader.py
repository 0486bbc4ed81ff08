"""Who reads the page."""

from django.http import HttpRequest

from kairan.store.models import Person


def reader(request: HttpRequest) -> Person:
    """The person who is logged in: behind `@needs` there always is one."""
    assert isinstance(request.user, Person)
    return request.user
