"""What a chat's own page for a person shows: the open parts of their teams, as values."""

from datetime import datetime
from enum import StrEnum

import msgspec

from kairan.domain.message import ActionOffer


class Standing(StrEnum):
    """Who the person is to Kairan."""

    KNOWN = "known"
    UNKNOWN = "unknown"  # nobody: their e-mail address is no account's, and no channel vouches for them
    GUEST = "guest"  # no account's either, and channels vouch for no guests
    OUTSIDER = "outsider"  # of another company


class Mine(msgspec.Struct, frozen=True):
    """A part that waits for its team. `by` took care of it, "" nobody; `offers` are what this person may do with it."""

    case: int
    url: str
    title: str
    severity: str
    status: str
    relook: str
    team: str
    findings: int
    due_at: datetime | None = None
    by: str = ""
    offers: tuple[ActionOffer, ...] = ()


class Home(msgspec.Struct, frozen=True):
    """The worst first. `total` of them are open, also those not among `parts`; `at_least`: not counted to the end.

    `teams` are the person's, by name; none of them: a triager sees everybody's (`is_all`). `address` shows all of
    them, "" where Kairan's own was not configured. `email` is the one the chat attests.
    """

    standing: Standing
    parts: tuple[Mine, ...] = ()
    total: int = 0
    at_least: bool = False
    teams: tuple[str, ...] = ()
    is_all: bool = False
    address: str = ""
    email: str = ""
    time_zone: str = "UTC"
    now: datetime | None = None
