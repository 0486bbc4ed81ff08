"""What happened to a case, as a value: stored as its event, and told to whom its rules name."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec


class Code(StrEnum):
    """The codes of case events. `params` in brackets."""

    OPENED = "opened"  # a case (findings, baseline: bool)
    REOPENED = "reopened"  # a case or part came back (findings)
    PART_ADDED = "part_added"  # another team is affected (team, findings)
    JOINED = "joined"  # findings joined a part (findings, assets: names)
    WORSE = "worse"  # the severity rose (old, new)
    PART_RESOLVED = "part_resolved"  # nothing of the part is open any more (reasons: {EndReason or "moved": number})
    CLOSED = "closed"  # every part is settled
    STILL_SEEN = "still_seen"  # claimed as fixed, but a newer scan sees it (findings, as_of)
    CLAIMED = "claimed"  # somebody takes care
    UNCLAIMED = "unclaimed"
    MOVED = "moved"  # another status (old, new, reason)
    FIX_CLAIMED = "fix_claimed"
    DECIDED = "decided"  # (status, justification, reason, until, until_at, decision)
    ASKED_APPROVAL = "asked_approval"
    APPROVED = "approved"
    REFUSED = "refused"  # by the approver (reason)
    UNDONE = "undone"
    EXPIRED = "expired"  # a decision's terms are over (why: date, fix, exploitation)
    HANDED_OVER = "handed_over"  # (old, new: teams' keys; channel)
    COMMENTED = "commented"  # (text)
    ASKED = "asked"  # the team asks PSIRT (text)
    TRIAGE_SENT = "triage_sent"  # PSIRT wrote to teams (teams, text)
    TICKET = "ticket"  # (destination, url)
    REMINDED = "reminded"
    ESCALATED = "escalated"
    RULE_ADDED = "rule_added"  # a later rule matched too (rule)
    MERGED = "merged"  # another case was folded into this one (case)
    RELEASED = "released"  # of a silent baseline
    DUE = "due"  # the due date changed (old, new)


_NOT_FIXED = {"asset_gone", "suppressed", "closed_by_person", "moved"}


def ending(params: Mapping[str, object]) -> str:
    """Why nothing of a part is open any more, where that is not simply that scans see it no more; else ""."""
    reasons = params.get("reasons")
    only = next(iter(reasons)) if isinstance(reasons, dict) and len(reasons) == 1 else ""
    return only if only in _NOT_FIXED else ""


class News(msgspec.Struct, frozen=True):
    """One thing that happened. `at` in the world; `by` and `person` who did it ("" and None: Kairan)."""

    case: int
    code: Code
    at: datetime
    part: int | None = None
    params: dict[str, object] = msgspec.field(default_factory=dict)
    by: str = ""
    person: int | None = None
