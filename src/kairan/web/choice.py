"""One of several ways to look at the same list: a link, and whether it is the one chosen."""

from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Choice:
    label: str | Promise
    address: str
    chosen: bool
