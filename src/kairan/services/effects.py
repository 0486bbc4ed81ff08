"""What a decision would touch, computed before anybody decides; nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass

from kairan.services.choice import Choice
from kairan.services.deciding import needs_approval
from kairan.store.queries import case_effects


@dataclass(frozen=True, slots=True)
class Effects:
    """`channels` and `tickets` are where the cases were told already: there they are told of the decision too.

    `approval`: how many of the parts would wait for an approver.
    """

    parts: int
    findings: int
    tickets: Sequence[str]
    channels: Sequence[str]
    approval: int


def effects(parts: Sequence[int], choice: Choice) -> Effects:
    """Of the parts that are still there."""
    found = case_effects.of(parts)
    approval = sum(number for rule, number in found.rules.items() if needs_approval(choice.status, rule))
    return Effects(found.parts, found.findings, found.tickets, found.channels, approval)
