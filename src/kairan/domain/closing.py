"""When absence closes, and when closings wait for a person."""

from dataclasses import dataclass
from enum import StrEnum

SHARE = 0.5
FLOOR = 50


class HoldReason(StrEnum):
    NO_EVIDENCE = "no_evidence"
    LARGE_SHARE = "large_share"


@dataclass(frozen=True, slots=True)
class Absences:
    """What a snapshot of a scope would close. `new_version`: the artifact is another one than last time."""

    looked: bool
    live: int
    absent: int
    new_version: bool


def hold_reason(absences: Absences, *, share: float = SHARE, floor: int = FLOOR) -> HoldReason | None:
    """Why the closings are held, or None where they may happen.

    Held are only the closings, never the rest of the run: when the report shows no sign that it looked, or when one
    snapshot of an unchanged artifact would close more than `share` of a scope and more than `floor` findings.
    """
    if not absences.absent:
        return None
    if not absences.looked:
        return HoldReason.NO_EVIDENCE
    large = absences.absent > floor and absences.absent > share * absences.live
    return HoldReason.LARGE_SHARE if large and not absences.new_version else None
