"""When logins are refused: how many failures are let pass, and for how long the next attempt has to wait."""

from dataclasses import dataclass
from datetime import timedelta

WINDOW = timedelta(minutes=15)  # failures further apart than this do not add up
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 15))


@dataclass(frozen=True, slots=True)
class Limit:
    """The failure of this number closes the door for the first wait, each one after it for the next, longer one."""

    failures: int


OF_NAME = Limit(5)
OF_ADDRESS = Limit(30)  # many people may share one address
