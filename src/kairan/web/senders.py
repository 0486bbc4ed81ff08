"""Who sends a request, asked before its body is read: by its headers alone."""

from collections.abc import Mapping

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, parse_cookie

from kairan.domain.rights import Right, TokenScope, may
from kairan.runtime import clock
from kairan.services import tokens
from kairan.store.models import Person
from kairan.web.api.problems import PREFIX


def may_import(path: str, headers: Mapping[str, str]) -> bool:
    """Is this an active person who may bring reports in? Names of headers are in lower case.

    The views ask again, and more (a form needs its CSRF token): this only tells whose bodies may be large.
    """
    given = headers.get("authorization")
    if given is not None and path.startswith(PREFIX):
        scheme, _, text = given.partition(" ")
        bearer = tokens.authenticate(text.strip(), clock.now()) if scheme.lower() == "bearer" else None
        return bearer is not None and bearer.scope == TokenScope.WRITE and may(bearer.role, Right.IMPORT)
    person = _logged_in(headers.get("cookie", ""))
    return person is not None and may(person.role, Right.IMPORT)


def _logged_in(cookies: str) -> Person | None:
    key = parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME)
    if not key:
        return None
    request = HttpRequest()
    request.session = SessionStore(key)
    person = get_user(request)
    return person if isinstance(person, Person) else None
