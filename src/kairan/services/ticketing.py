"""Use case: somebody wants a ticket of a case (D6)."""

from dataclasses import dataclass
from datetime import datetime

from kairan.domain.answer import Answer, Said
from kairan.domain.rights import Right
from kairan.services import asides, attempts, configuration, may
from kairan.services.actor import Actor
from kairan.services.attempts import NoSuchCaseError, attempt
from kairan.services.pressed import Pressed
from kairan.services.readers import PREVIEW, Directory
from kairan.store.queries import case_facts, case_rows


@dataclass(frozen=True, slots=True)
class Maker:
    """The destination that makes tickets; `is_preview`: nothing leaves Kairan, the ticket is only drawn."""

    destination: str
    is_preview: bool


def maker() -> Maker | None:
    """Where a ticket would be made now. None: nowhere."""
    config = configuration.active()
    reader = Directory(config).tickets()
    if reader is None:
        return None
    kinds = {each.name: each.kind for each in config.destinations}
    return Maker(reader.destination, kinds.get(reader.destination) == PREVIEW)


def create_ticket(pressed: Pressed) -> Answer:
    """The button of a destination's post."""
    return make_ticket(pressed.case, pressed.actor, pressed.now)


def make_ticket(case: int, actor: Actor, now: datetime) -> Answer:
    """One ticket for each case, however often it is asked for. Where no destination makes tickets, that is said."""
    with attempt(actor, "case.create_ticket", f"case:{case}", now) as cursor:
        may.check(actor, Right.DECIDE)
        if not case_rows.lock_case(cursor, case):
            raise NoSuchCaseError(f"there is no case C-{case}")
        found = maker()
        if found is None:
            return Answer(Said.NO_TICKETS)
        if address := case_facts.ticket(cursor, case):
            return Answer(Said.TICKET_BEFORE, {"destination": found.destination, "url": address})
        said: dict[str, object] = {"destination": found.destination}
        if asides.ticket(cursor, configuration.active(), case, actor, now):
            attempts.audit(cursor, actor, "case.create_ticket", f"case:{case}", None, said, now)
    return Answer(Said.TICKET_PREVIEWED if found.is_preview else Said.TICKET, said)
