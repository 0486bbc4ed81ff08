"""What people do with cases, wherever they do it: on a page, by the API, in bulk, in a chat. One door for all.

Rights come from the person in the database (services.may), never from what a request or payload says. Each use case
is one transaction: rows locked, move checked, written, told, audited. A refused attempt raises ForbiddenError and
stays in the audit log.
"""

from kairan.services.approving import UNDO, approve, refuse, undo
from kairan.services.attempts import NoSuchCaseError
from kairan.services.caring import ask, claim, comment, unclaim, unwatch, watch
from kairan.services.choice import Choice, ChoiceError, Evidence, Wrong
from kairan.services.decided import Decided
from kairan.services.deciding import decide, fix, move, needs_approval, set_due, verify
from kairan.services.effects import Effects, effects

__all__ = [
    "UNDO",
    "Choice",
    "ChoiceError",
    "Decided",
    "Effects",
    "Evidence",
    "NoSuchCaseError",
    "Wrong",
    "approve",
    "ask",
    "claim",
    "comment",
    "decide",
    "effects",
    "fix",
    "move",
    "needs_approval",
    "refuse",
    "set_due",
    "unclaim",
    "undo",
    "unwatch",
    "verify",
    "watch",
]
