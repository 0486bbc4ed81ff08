"""Use case: the configuration in force, as every process reads it: from the database, following a change at once.

`services.applying` puts one in force.
"""

from datetime import datetime
from pathlib import Path

import msgspec
from django.db import transaction

from kairan.domain.complaint import Complaint
from kairan.domain.config import Config
from kairan.domain.normalised import normalised
from kairan.runtime import clock
from kairan.services.actor import Actor
from kairan.services.config_file.checking import Checked
from kairan.services.config_file.checking import check as check_file
from kairan.services.config_reports import Applied, Diff
from kairan.store.connection import raw_cursor
from kairan.store.queries import config_versions, team_rows

__all__ = ["Applied", "Checked", "Complaint", "Diff", "active", "apply", "check", "diff", "normalised", "version"]

_EMPTY = normalised(Config())
_known: dict[tuple[int, bytes], Config] = {}  # one: the one that was in force when somebody asked last


def active() -> Config:
    """The configuration in force, normalised. Before any was applied: an empty file's."""
    cursor = raw_cursor()
    key = config_versions.newest(cursor)
    if not key[0]:
        return _EMPTY
    found = _known.get(key)
    if found is None:
        found = normalised(stored(key[0]))
        _known.clear()
        _known[key] = found
    return found


def stored(number: int) -> Config:
    """A version's configuration as it was written; an empty file's for 0 and for what is not there."""
    text = config_versions.config(raw_cursor(), number)
    return msgspec.json.decode(text, type=Config) if text else Config()


def version() -> int:
    """The number of the version in force; 0 before any was applied."""
    return config_versions.newest(raw_cursor())[0]


def look_for_people(now: datetime | None = None) -> None:
    """Members who had no account when the configuration was applied, and have one now, are members."""
    if version():
        with transaction.atomic():
            team_rows.put_members(raw_cursor(), active().teams)


def check(path: Path) -> Checked:
    """Look a file through. Every complaint there is, not only the first."""
    return check_file(path, clock.now())


def apply(checked: Checked, actor: Actor, now: datetime) -> Applied:
    """Put a checked file in force."""
    from kairan.services import applying  # which tells people, by the configuration in force

    return applying.apply(checked, actor, now)


def diff(checked: Checked, now: datetime) -> Diff:
    """What putting it in force would touch; nothing is written."""
    from kairan.services import applying

    return applying.diff(checked, now)
