"""Too many wrong passwords close the door for a while: for a name, known or not, and for an address.

An attempt counts before its password is looked at and is given back when that was right: guesses made at the same
instant cannot slip through together.
"""

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv6Address, ip_address

from kairan.domain.errors import KairanError
from kairan.domain.lockout import OF_ADDRESS, OF_NAME
from kairan.store.connection import raw_cursor
from kairan.store.models import Person
from kairan.store.queries import throttle
from kairan.store.queries.audit import add_audit

_VISITOR = "visitor"  # who has not logged in has no name


class LockedOutError(KairanError):
    """Too many failures, of the name or from the address: which, and whether there is such a name, is not said."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"too many failed logins; try again after {until:%H:%M} UTC")
        self.until = until


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to log in, counted. It is `succeeded` or `failed`."""

    address: str
    counted: tuple[throttle.Taken, ...]

    def succeeded(self) -> None:
        """The name's failures are forgotten; those of the address stay: it may have failed with other names."""
        for taken in self.counted:
            throttle.forget(taken.key) if taken.key.startswith("name:") else throttle.give_back(taken)

    def failed(self, person: Person | None, now: datetime) -> None:
        """What closed a door is written down. A name nobody has is not: people type passwords into the wrong field."""
        for taken in self.counted:
            if taken.until is not None:
                subject = f"person:{person.pk}" if person else "login"
                by_name = taken.key.startswith("name:")
                after = {"failures": taken.count, "until": taken.until.isoformat()}
                _audit(now, "login.locked", subject if by_name else taken.key, after, self.address)


def begin(username: str, address: str, now: datetime) -> Attempt:
    """Count an attempt; LockedOutError where the door is closed. A closed address adds nothing to a name's count."""
    counted: list[throttle.Taken] = []
    limits = [(_address_key(address), OF_ADDRESS)] if address else []
    for key, limit in (*limits, (name_key(username), OF_NAME)):
        taken = throttle.take(key, limit, now)
        if isinstance(taken, datetime):
            for earlier in counted:
                throttle.give_back(earlier)
            raise LockedOutError(taken)
        counted.append(taken)
    return Attempt(address, tuple(counted))


def locked_until(usernames: Iterable[str], now: datetime) -> dict[str, datetime]:
    """Which of these names are locked out now, and until when."""
    keys = {name_key(username): username for username in usernames}
    return {keys[key]: until for key, until in throttle.closed_until(keys, now).items()}


def unlock(username: str) -> bool:
    """Let this name try again at once. Was anything counted?"""
    return throttle.forget(name_key(username))


def prune(now: datetime) -> int:
    return throttle.prune(now)


def name_key(username: str) -> str:
    """One key for all spellings of a name. Hashed: what was typed may have been a password."""
    spelled = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", username.strip()).casefold())
    return "name:" + hashlib.sha256(spelled.encode("utf-8", "surrogatepass")).hexdigest()


def _address_key(address: str) -> str:
    """An IPv6 customer has a whole /64 to come from."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return f"address:{address[:64]}"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return f"address:{parsed.ipv4_mapped}"
        return f"address:{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return f"address:{parsed}"


def _audit(now: datetime, action: str, subject: str, after: dict[str, object], origin: str) -> None:
    add_audit(raw_cursor(), now, _VISITOR, action, subject, None, after, origin=origin)
