"""Use case: somebody wants a ticket of a case (D6)."""

from kairan.domain.answer import Answer, Said
from kairan.domain.rights import Right
from kairan.services import attempts, configuration, may, tell
from kairan.services.attempts import NoSuchCaseError, attempt
from kairan.services.pressed import Pressed
from kairan.services.readers import PREVIEW, Directory
from kairan.store.queries import case_facts, case_rows


def create_ticket(pressed: Pressed) -> Answer:
    """One ticket for each case, however often it is asked for. Where no destination makes tickets, that is said."""
    config = configuration.active()
    with attempt(pressed.actor, "case.create_ticket", f"case:{pressed.case}", pressed.now) as cursor:
        may.check(pressed.actor, Right.DECIDE)
        if not case_rows.lock_case(cursor, pressed.case):
            raise NoSuchCaseError(f"there is no case C-{pressed.case}")
        reader = Directory(config).tickets()
        if reader is None:
            return Answer(Said.NO_TICKETS)
        if address := case_facts.ticket(cursor, pressed.case):
            return Answer(Said.TICKET_BEFORE, {"destination": reader.destination, "url": address})
        tell.ticket(cursor, config, pressed.case, pressed.actor, pressed.now)
        said: dict[str, object] = {"destination": reader.destination}
        attempts.audit(cursor, pressed.actor, "case.create_ticket", f"case:{pressed.case}", None, said, pressed.now)
    kinds = {each.name: each.kind for each in config.destinations}
    is_preview = kinds.get(reader.destination) == PREVIEW
    return Answer(Said.TICKET_PREVIEWED if is_preview else Said.TICKET, said)
