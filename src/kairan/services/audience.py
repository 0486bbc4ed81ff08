"""Who hears what: which news makes a post, is said below it, shows by an edit, or goes into a digest.

One table for those who tell (services.tell) and for rules that are tried on the past (services.rehearsal).
"""

from kairan.domain.news import Code
from kairan.services.readers import Reader

OPENING = frozenset({Code.OPENED, Code.RELEASED})
# What makes a post where there is none yet: at the opening, and wherever a rolled-up case needs somebody again.
POSTED = OPENING | {
    Code.REOPENED,
    Code.PART_ADDED,
    Code.RULE_ADDED,
    Code.HANDED_OVER,
    Code.WORSE,
    Code.MERGED,
}
DIGESTED = POSTED | {Code.STILL_SEEN, Code.EXPIRED, Code.CLOSED}
CLOSINGS = frozenset({Code.CLOSED, Code.PART_RESOLVED})
SILENT = OPENING | {Code.COMMENTED, Code.REMINDED, Code.ESCALATED, Code.TRIAGE_SENT}
_BOTH = frozenset(
    {
        Code.DECIDED,
        Code.APPROVED,
        Code.REFUSED,
        Code.UNDONE,
        Code.EXPIRED,
        Code.STILL_SEEN,
        Code.REOPENED,
        Code.WORSE,
    }
)
_HEARD_BY_PSIRT = _BOTH | {Code.ASKED_APPROVAL, Code.FIX_CLAIMED, Code.ASKED, Code.CLOSED}
_HEARD_BY_TEAM = _BOTH | {Code.PART_RESOLVED, Code.DUE}
_SHOWN = frozenset({Code.JOINED, Code.PART_ADDED, Code.MOVED, Code.TICKET})  # by an edit; where none is possible, said


def hears(code: Code, reader: Reader, *, of_part: bool, with_case: bool) -> bool:
    """Is this said below the reader's post? `with_case`: the whole case came back with it.

    A case that came back is PSIRT's news, and of its parts each team's; a part alone is news for both.
    """
    if code is Code.REOPENED:
        return of_part if reader.team else not (of_part and with_case)
    heard = _HEARD_BY_TEAM if reader.team else _HEARD_BY_PSIRT
    return code in heard or (code in _SHOWN and not reader.can_edit)
