"""How people may be called: names and addresses that can be used, in one spelling."""

import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from kairan.domain.errors import ConfigError

LONGEST = 150


class UnfitError(ConfigError):
    """A name or an address that cannot be used. `field` says which was given."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def spelled(username: str) -> str:
    """One spelling for names that look the same."""
    return unicodedata.normalize("NFKC", username).strip()


def fit_username(username: str) -> str:
    """A login name: something, on one line, without signs that nobody sees."""
    username = spelled(username)
    if not username:
        raise UnfitError("username", "a login name is needed")
    return fit_line("username", username)


def fit_line(field: str, text: str) -> str:
    text = text.strip()
    if len(text) > LONGEST or not text.isprintable():
        raise UnfitError(field, f"a {field} has at most {LONGEST} printable signs, on one line")
    return text


def fit_email(email: str) -> str:
    email = email.strip()
    try:
        if email:
            validate_email(email)
    except ValidationError:
        raise UnfitError("email", f"{email!r} is no e-mail address") from None
    return email
