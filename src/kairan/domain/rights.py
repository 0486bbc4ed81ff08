"""Who may do what: the one table that pages, commands, the API and buttons read."""

from enum import StrEnum


class Role(StrEnum):
    """What a person is, from least to most. Each role may do what the ones before it may."""

    VIEWER = "viewer"
    MEMBER = "member"
    TRIAGER = "triager"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"


class Right(StrEnum):
    SEE = "see"
    IMPORT = "import"
    DECIDE_HELD = "decide_held"
    MANAGE_PEOPLE = "manage_people"


_LEAST = {
    Right.SEE: Role.VIEWER,
    Right.IMPORT: Role.TRIAGER,
    Right.DECIDE_HELD: Role.TRIAGER,
    Right.MANAGE_PEOPLE: Role.ADMINISTRATOR,
}
_RANK = {role: rank for rank, role in enumerate(Role)}


def may(role: str, right: Right) -> bool:
    """Does this role have this right? An unknown role has none."""
    return role in _RANK and _RANK[Role(role)] >= _RANK[_LEAST[right]]
