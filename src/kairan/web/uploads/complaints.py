"""What is wrong with a report's options or its size, in the reader's language and a form's words."""

from collections.abc import Mapping

from django.template.defaultfilters import filesizeformat
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kairan.domain.errors import KairanError, OptionError
from kairan.services.uploads import TooLarge

MESSAGES: Mapping[str, str | Promise] = {
    "no_source": _("There is no source %(kind)s. There are: %(kinds)s."),
    "no_asset": _("Write the kind, a colon and the name, as in host:web-1. Kinds are: %(kinds)s."),
    "no_image": _("%(name)s is no name of a container image. Write it as in image:registry.example/shop:1.2"),
    "no_time": _("%(text)s is no time. Write it as in 2026-11-21 09:30"),
    "too_large": _("Larger than the %(most)s that this Kairan takes in"),
}


def said(error: KairanError) -> str:
    """One sentence. What no form can cause (the storage is full) has no translation, and is said in English."""
    if not isinstance(error, OptionError) or error.code not in MESSAGES:
        return str(error)
    parts = {**error.parts, "most": filesizeformat(error.most)} if isinstance(error, TooLarge) else error.parts
    return str(MESSAGES[error.code]) % parts
