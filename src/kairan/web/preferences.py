"""Language and theme: forms in the frame, for anyone. They work without JavaScript and before the login."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from kairan.services import profile
from kairan.web.address import address_of
from kairan.web.security import public

THEMES = ("system", "light", "dark")
_THEME_COOKIE = "kairan_theme"
_YEAR = 365 * 24 * 3600


@public
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Read on in this language; for someone logged in, also next time and elsewhere."""
    response = HttpResponseRedirect(way_back(request))
    chosen = request.POST.get("language", "")
    if chosen in dict(settings.LANGUAGES):
        if request.user.is_authenticated:
            profile.choose_language(request.user.pk, chosen, timezone.now(), address_of(request))
        remember_language(response, chosen)
        translation.activate(chosen)
    return response


@public
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    response = HttpResponseRedirect(way_back(request))
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        _remember(response, _THEME_COOKIE, chosen)
    return response


def theme_of(request: HttpRequest) -> str:
    chosen = request.COOKIES.get(_THEME_COOKIE, "")
    return chosen if chosen in THEMES else "system"


def remember_language(response: HttpResponse, chosen: str) -> None:
    """Pages before the login, and pages about errors, know no person: they read the cookie."""
    _remember(response, settings.LANGUAGE_COOKIE_NAME, chosen)


def way_back(request: HttpRequest, default: str = "/") -> str:
    """Where `next` leads, if that is one of our own pages."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if ours else default


def _remember(response: HttpResponse, cookie: str, value: str) -> None:
    response.set_cookie(cookie, value, max_age=_YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
