"""What became of a decision, as callers are told."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decided:
    """`state` is the decision's: "effective", or "waiting" for an approver."""

    decision: int
    part: int
    case: int
    state: str
