"""What every page's frame shows, whatever the page."""

from typing import Any

import psycopg
from django.conf import settings
from django.db import Error
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
        "demo": SimpleLazyObject(_demo),  # asked only by the pages that show it
    }


def _demo() -> demo.State | None:
    """How far the demo is; None where this is none. The login page stands also while the database is away."""
    try:
        return demo.find()
    except (Error, psycopg.Error):
        return None
