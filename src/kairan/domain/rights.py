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
    SHARE_VIEWS = "share_views"
    CLEAR_VIEWS = "clear_views"  # shared ones of others
    IMPORT = "import"
    DECIDE_HELD = "decide_held"
    REPLAY = "replay"
    COMMENT = "comment"
    ANSWER = "answer"  # for one's own team: claim, fix, does not apply, ask
    DECIDE = "decide"  # for any team, and many at once
    APPROVE = "approve"
    MANAGE_DELIVERIES = "manage_deliveries"  # test, pause, release, replay
    CONFIGURE = "configure"
    MANAGE_PEOPLE = "manage_people"
    READ_AUDIT = "read_audit"


class TokenScope(StrEnum):
    """What a token lets a script do in its person's name: look, or also change. Never more than the person may."""

    READ = "read"
    WRITE = "write"


_LEAST = {
    Right.SEE: Role.VIEWER,
    Right.SHARE_VIEWS: Role.MEMBER,
    Right.CLEAR_VIEWS: Role.ADMINISTRATOR,
    Right.IMPORT: Role.TRIAGER,
    Right.DECIDE_HELD: Role.TRIAGER,
    Right.REPLAY: Role.ADMINISTRATOR,
    Right.COMMENT: Role.MEMBER,
    Right.ANSWER: Role.MEMBER,
    Right.DECIDE: Role.TRIAGER,
    Right.APPROVE: Role.APPROVER,
    Right.MANAGE_DELIVERIES: Role.TRIAGER,
    Right.CONFIGURE: Role.ADMINISTRATOR,
    Right.MANAGE_PEOPLE: Role.ADMINISTRATOR,
    Right.READ_AUDIT: Role.ADMINISTRATOR,
}
_RANK = {role: rank for rank, role in enumerate(Role)}


def may(role: str, right: Right) -> bool:
    """Does this role have this right? An unknown role has none."""
    return role in _RANK and _RANK[Role(role)] >= _RANK[_LEAST[right]]


def greatest(*roles: str) -> str:
    """The role that may do most; unknown ones count for nothing."""
    return max((each for each in roles if each in _RANK), key=lambda each: _RANK[Role(each)], default="")
