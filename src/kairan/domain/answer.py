"""What somebody who pressed a button is told: by code and parameters, put into their language by the destination.

`services.act` makes these; a destination's `answer` draws them (a note to this person alone, errors at the fields of
a form, or the form itself).
"""

from enum import StrEnum

import msgspec

from kairan.domain.affected import Affected
from kairan.domain.message import Part


class Said(StrEnum):
    """The codes of answers. `params` in brackets."""

    SENT = "sent"  # the triage message is on its way (teams: names; again: names that were told this before)
    SENT_BEFORE = "sent_before"  # every ticked team was told this very text before (teams)
    CLAIMED = "claimed"  # (teams)
    DECIDED = "decided"  # (teams, status)
    ASKED_APPROVAL = "asked_approval"  # the decision waits for an approver (teams, status)
    FIX_CLAIMED = "fix_claimed"  # (teams)
    ASKED = "asked"
    TICKET = "ticket"  # a ticket is on its way (destination)
    TICKET_PREVIEWED = "ticket_previewed"  # no destination makes tickets yet: the preview shows what it would be
    TICKET_BEFORE = "ticket_before"  # there is one already (destination, url)
    NO_TICKETS = "no_tickets"  # no destination takes tickets yet
    FORM = "form"  # a form has to be filled in first: `form`
    WRONG = "wrong"  # something is missing or cannot be used: `errors`
    FORBIDDEN = "forbidden"  # not this person's right
    GUEST = (
        "guest"  # nor this one's, who is a guest of the chat: what its channels give members they do not give guests
    )
    ILLEGAL = "illegal"  # the part's status does not allow it (status)
    NOT_OPENED = "not_opened"  # the form came too late for the press, or nobody knows whether it did
    FAILED = "failed"  # Kairan tried for some minutes, and could not
    GONE = "gone"  # the case or its part is not there any more
    RAISED = "raised"  # ids; there: cases there are, opening: ids cases are opened for, nobody: ids nobody has; link
    PARTLY = "partly"  # done for some teams, refused for others (teams, refused: {name: code})


class Fault(msgspec.Struct, frozen=True):
    """What is wrong at one field of a form, by code (those of services.choice, and `nothing_ticked`, `no_team`,
    `not_a_date`, `no_id`, `unknown_id`), and the numbers it is said with."""

    code: str
    params: dict[str, object] = msgspec.field(default_factory=dict)


class Named(msgspec.Struct, frozen=True):
    """An id that a message names, and who is affected."""

    id: str
    affected: Affected


class Reach(msgspec.Struct, frozen=True):
    """What a decision would touch, before it is made: `approval` of the `parts` would wait for an approver."""

    parts: int
    findings: int
    channels: tuple[str, ...] = ()
    tickets: tuple[str, ...] = ()
    approval: int = 0


class Form(msgspec.Struct, frozen=True):
    """A form to be filled in: of which action (`decide`, `defer`, `not_affected`, `ask`, `open_case`), for which parts.

    `part` None: the reader chooses among `parts`; of `open_case`: among what is `named`.
    """

    code: str
    case: int
    title: str
    part: int | None = None
    parts: tuple[Part, ...] = ()
    time_zone: str = "UTC"
    named: tuple[Named, ...] = ()
    reach: Reach | None = None


class Answer(msgspec.Struct, frozen=True):
    """What is said to the person who acted, and to nobody else. `errors` by the form's field. `url`: of the case that
    they acted on, where people outside Kairan's pages find it."""

    code: Said
    params: dict[str, object] = msgspec.field(default_factory=dict)
    errors: dict[str, Fault] = msgspec.field(default_factory=dict)
    form: Form | None = None
    url: str = ""

    @property
    def is_refusal(self) -> bool:
        return self.code in {
            Said.WRONG,
            Said.FORBIDDEN,
            Said.GUEST,
            Said.ILLEGAL,
            Said.NOT_OPENED,
            Said.FAILED,
            Said.GONE,
            Said.NO_TICKETS,
        }
