"""Use cases of aliases: which ids are one vulnerability, and taking that back."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from kairan.domain.errors import KairanError
from kairan.domain.vulnerability import derive_groups, members, normalise_id, primary_id
from kairan.services import to_route
from kairan.store.connection import raw_cursor
from kairan.store.queries import aliases
from kairan.store.queries.audit import add_audit
from kairan.store.queries.ingest import ALIAS_LOCK


def regroup(cursor: aliases.Cursor, ids: Iterable[str], now: datetime, run: int | None = None) -> int:
    """Derive the groups of these ids anew and bring the rows in line. The caller holds the alias lock alone."""
    found, assertions = aliases.component(cursor, ids)
    grouping = derive_groups(found, assertions)
    aliases.mark_disputed(cursor, assertions, grouping.disputed)
    primary = {group: primary_id(values) for group, values in members(grouping).items()}
    return aliases.regroup(cursor, grouping.group_of, primary, now, run)


def withdraw(one: str, other: str, *, back: bool, actor: str, now: datetime) -> int:
    """A person says that two ids are not one problem (or, `back`, that they are after all).

    The groups follow at once: findings that were folded come apart. Returns how many assertions were touched.
    """
    one, other = normalise_id(one), normalise_id(other)
    with transaction.atomic():
        cursor = raw_cursor()
        aliases.lock_alone(cursor, ALIAS_LOCK)
        touched = aliases.withdraw(cursor, one, other, None if back else now)
        if not touched:
            raise KairanError(f"nobody says that {one} and {other} are one; see `kairan aliases show {one}`")
        regroup(cursor, [one, other], now)
        to_route.wake()
        action = "alias.restore" if back else "alias.withdraw"
        add_audit(cursor, now, actor, action, f"{one} = {other}", None, {"assertions": touched})
    return touched


def assertions_about(value: str) -> list[aliases.KnownAssertion]:
    """Who says what about the group of an id."""
    with transaction.atomic():
        return aliases.about(raw_cursor(), normalise_id(value))
