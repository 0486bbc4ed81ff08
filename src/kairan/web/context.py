"""What every page's frame shows, whatever the page."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject

from kairan.store.queries import demo
from kairan.web.frame import ways
from kairan.web.preferences import theme_of


def frame(request: HttpRequest) -> dict[str, Any]:
    """`here` is where to come back to after choosing a language or a theme."""
    current = translation.get_language()
    return {
        "now": timezone.now(),
        "here": request.get_full_path() if request.method == "GET" else request.path,
        "ways": ways(request) if request.user.is_authenticated else (),
        "language": current,
        "other_languages": [(code, name) for code, name in settings.LANGUAGES if code != current],
        "theme": theme_of(request),
        "demo": SimpleLazyObject(demo.find),  # pages about errors do without the database
    }
