"""Who gets in: every view declares who may see it, every answer says what a browser may load.

A view without `@needs(...)`, `@public` or `@guards_itself` answers 403, so a forgotten declaration is a closed door,
not an open one.
"""

import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.encoding import iri_to_uri
from django.utils.http import MAX_URL_LENGTH, MAX_URL_REDIRECT_LENGTH, urlencode
from django_htmx.http import HttpResponseClientRedirect

from kairan.domain.rights import Right, may

_View = TypeVar("_View", bound=Callable[..., HttpResponseBase])
_Answer = Callable[[HttpRequest], HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Access:
    """What a view asks for. `right` None: anyone, logged in or not; or, with `guards_itself`, what it asks itself."""

    right: Right | None
    guards_itself: bool = False


def needs(right: Right) -> Callable[[_View], _View]:
    """The view is for people who have this right."""
    return _declare(Access(right))


def public(view: _View) -> _View:
    """The view is for anyone, also without a login."""
    return _declare(Access(None))(view)


def guards_itself(view: _View) -> _View:
    """The view is the way into the API, where each operation has a guard of its own (web.api.access)."""
    return _declare(Access(None, guards_itself=True))(view)


def access_of(view: object) -> Access | None:
    return getattr(view, "kairan_access", None)


def _declare(access: Access) -> Callable[[_View], _View]:
    def declare(view: _View) -> _View:
        view.kairan_access = access  # type: ignore[attr-defined]  # functions take attributes
        return view

    return declare


class Health:
    """Answers `/healthz` before anything else: load balancers ask by address, without a name or a session."""

    def __init__(self, get_response: _Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info == "/healthz":
            return HttpResponse("ok\n", content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})
        return self.get_response(request)


class ContentSecurityPolicy:
    """Own files only, nothing inline, nobody may frame us; answers about people are kept by no shared cache."""

    policy = "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )
    # No page of ours needs these, so nothing that found its way into one gets them.
    features = ", ".join(
        f"{name}=()" for name in ("camera", "display-capture", "geolocation", "microphone", "payment", "serial", "usb")
    )

    def __init__(self, get_response: _Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.policy)
        response.headers.setdefault("Permissions-Policy", self.features)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response


class PersonalLocale:
    """Language and time zone: the person's own, else what the browser says, and UTC."""

    def __init__(self, get_response: _Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        translation.activate(translation.get_language_from_request(request))
        timezone.deactivate()
        response = self.get_response(request)
        response.headers.setdefault("Content-Language", translation.get_language())
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response

    def process_view(self, request: HttpRequest, view: object, args: Any, kwargs: Any) -> None:
        person = request.user
        if not person.is_authenticated:
            return
        if translation.check_for_language(person.language):
            translation.activate(person.language)
        try:
            timezone.activate(zoneinfo.ZoneInfo(person.time_zone))
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            timezone.deactivate()


class DenyByDefault:
    """Lets a request through to a view only as the view declares."""

    def __init__(self, get_response: _Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: Any, kwargs: Any) -> HttpResponseBase | None:
        access = access_of(view)
        if access is None:
            raise PermissionDenied(f"{view!r} declares neither @needs nor @public nor @guards_itself")
        if access.right is None:
            return None
        if not request.user.is_authenticated:
            return _to_login(request)
        if not may(request.user.role, access.right):
            raise PermissionDenied
        return None


def fits_redirect(target: str) -> bool:
    """Django sends nobody to a longer address, nor do servers take one."""
    return len(iri_to_uri(target)) <= MAX_URL_REDIRECT_LENGTH


def _to_login(request: HttpRequest) -> HttpResponseBase:
    """Come back to the page after the login, but never repeat a command."""
    asked = request.get_full_path() if request.method == "GET" else "/"
    if request.headers.get("HX-Request"):  # a fragment of the login page inside the old page helps nobody
        return HttpResponseClientRedirect(_login_before(_page_shown(request) or asked))
    return HttpResponseRedirect(_login_before(asked))


def _login_before(target: str) -> str:
    """The login's address, from where one comes to the target; to its bare path where all of it is too long."""
    ways = (target, target.partition("?")[0], "/")
    back = next(way for way in ways if len(way) <= MAX_URL_LENGTH)  # the login goes on to nothing longer
    return f"{reverse(settings.LOGIN_URL)}?{urlencode({'next': back}).replace('%2F', '/')}"


def _page_shown(request: HttpRequest) -> str:
    """The page that asked for a part, if it is one of ours; "" where none is told."""
    try:
        page = urlsplit(request.headers.get("HX-Current-URL", ""))
    except ValueError:
        return ""
    if page.netloc != request.get_host():
        return ""
    return page.path + (f"?{page.query}" if page.query else "")
