"""The life of a case's part: its status, who may move it where, and what a decision means.

A part is what one team has to do with a case. Its status is one field (semantics 4). "Resolved" comes from scans
alone; a person claims. A decision covers what joins later, until its terms end; then the part needs another look.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum

from kairan.domain.errors import IllegalTransition


class Status(StrEnum):
    """From least to most advanced: a case shows the least advanced of its parts."""

    NEW = "new"
    TRIAGING = "triaging"
    ACTION_NEEDED = "action_needed"
    FIX_CLAIMED = "fix_claimed"
    WAITING_FOR_VERIFICATION = "waiting_for_verification"
    DEFERRED = "deferred"
    RISK_ACCEPTED = "risk_accepted"
    NOT_AFFECTED = "not_affected"
    FALSE_POSITIVE = "false_positive"
    RESOLVED = "resolved"


class State(StrEnum):
    """What a case is as a whole: somebody has to act, it waits for its terms to end, or it is settled."""

    OPEN = "open"
    PARKED = "parked"
    CLOSED = "closed"


class Until(StrEnum):
    """What ends a deferral or an accepted risk besides a date."""

    DATE = "date"
    FIX = "fix"  # a fixed version becomes known
    EXPLOITATION = "exploitation"  # exploitation becomes known


class Justification(StrEnum):
    """Why something is not affected, in VEX's words. https://github.com/openvex/spec (status justifications)"""

    COMPONENT_NOT_PRESENT = "component_not_present"
    CODE_NOT_PRESENT = "vulnerable_code_not_present"
    CODE_NOT_IN_EXECUTE_PATH = "vulnerable_code_not_in_execute_path"
    NOT_CONTROLLED_BY_ADVERSARY = "vulnerable_code_cannot_be_controlled_by_adversary"
    MITIGATIONS_EXIST = "inline_mitigations_already_exist"


PARKED = frozenset({Status.DEFERRED, Status.RISK_ACCEPTED})
SETTLED = frozenset({Status.NOT_AFFECTED, Status.FALSE_POSITIVE, Status.RESOLVED})
DECIDED = frozenset({Status.DEFERRED, Status.RISK_ACCEPTED, Status.NOT_AFFECTED, Status.FALSE_POSITIVE})
ACTIVE = frozenset(Status) - PARKED - SETTLED
ANSWERED = frozenset(Status) - {Status.NEW}  # the team has said something, or scans have

# What people may do. Scans alone lead to RESOLVED, and from anywhere; they and ended terms lead back to NEW or
# TRIAGING.
_MOVES: Mapping[Status, frozenset[Status]] = {
    Status.NEW: frozenset({Status.TRIAGING, Status.ACTION_NEEDED, Status.FIX_CLAIMED}) | DECIDED,
    Status.TRIAGING: frozenset({Status.NEW, Status.ACTION_NEEDED, Status.FIX_CLAIMED}) | DECIDED,
    Status.ACTION_NEEDED: frozenset({Status.TRIAGING, Status.FIX_CLAIMED}) | DECIDED,
    Status.FIX_CLAIMED: frozenset({Status.TRIAGING, Status.ACTION_NEEDED, Status.WAITING_FOR_VERIFICATION}) | DECIDED,
    Status.WAITING_FOR_VERIFICATION: frozenset({Status.TRIAGING, Status.ACTION_NEEDED}) | DECIDED,
    Status.DEFERRED: frozenset({Status.TRIAGING, Status.ACTION_NEEDED, Status.FIX_CLAIMED}) | DECIDED,
    Status.RISK_ACCEPTED: frozenset({Status.TRIAGING, Status.ACTION_NEEDED, Status.FIX_CLAIMED}) | DECIDED,
    Status.NOT_AFFECTED: frozenset({Status.TRIAGING, Status.ACTION_NEEDED}) | DECIDED,
    Status.FALSE_POSITIVE: frozenset({Status.TRIAGING, Status.ACTION_NEEDED}) | DECIDED,
    Status.RESOLVED: frozenset(),
}


def moves(status: Status) -> frozenset[Status]:
    """Where a person may take a part from here."""
    return _MOVES[status]


def check_move(old: Status, new: Status) -> None:
    """IllegalTransition names the move that is not allowed and those that are."""
    if new not in _MOVES[old]:
        allowed = ", ".join(sorted(_MOVES[old])) or "none: scans alone reopen it"
        raise IllegalTransition(f"a part that is {old} cannot become {new}; it can become: {allowed}")


def least_advanced(statuses: Collection[Status]) -> Status:
    """What the case shows of its parts. A case without parts is new."""
    order = list(Status)
    return min(statuses, key=order.index, default=Status.NEW)


def state_of(statuses: Collection[Status]) -> State:
    """OPEN while one part is active, else PARKED while one waits for its terms, else CLOSED."""
    if not statuses or ACTIVE & set(statuses):
        return State.OPEN
    return State.PARKED if PARKED & set(statuses) else State.CLOSED
