"""What is told, before any destination gave it a shape: title, facts, actions, link, and the case itself.

`services.compose` makes these from the store at the moment of sending; a destination's `render.py` draws them. Values
only: no ids of rows that a destination could not show.
"""

from datetime import datetime
from enum import StrEnum

import msgspec


class Purpose(StrEnum):
    """Why something is told."""

    PSIRT_POST = "psirt_post"  # a case, to those who triage
    TEAM_POST = "team_post"  # the same, to a team that is affected
    TRIAGE_FORM = "triage_form"  # below the PSIRT's post: which teams to write to, and what
    TRIAGE_MESSAGE = "triage_message"  # what PSIRT wrote there, below a team's post
    TICKET = "ticket"
    UPDATE = "update"  # news of a case, below its post: decided, claimed, reopened, still seen
    CLOSING = "closing"  # all fixed, below its post
    REMINDER = "reminder"
    ESCALATION = "escalation"
    HANDOVER = "handover"  # another team or another channel has it now
    DIGEST = "digest"
    ROLL_UP = "roll_up"  # more cases than the channel's ceiling allows
    TEST = "test"


class Link(msgspec.Struct, frozen=True):
    """`label` is a code (`advisory`, `siem_discover`, `siem_dashboard`, `kairan`, `ticket`) or a plain text."""

    label: str
    url: str


class Place(msgspec.Struct, frozen=True):
    """An asset that is affected: its kind, name and address (of its home, "" unknown), and whose it is."""

    kind: str
    name: str
    url: str = ""
    team: str = ""  # a team's name, "" nobody's


class Fix(msgspec.Struct, frozen=True):
    """A package, which versions of it are installed, and the version that fixes it ("" unknown)."""

    package: str
    ecosystem: str
    installed: tuple[str, ...] = ()
    fixed: str = ""


class Part(msgspec.Struct, frozen=True):
    """One team's part. `channel_id`, `channel_name` and `post` (its permalink) are of the destination that is told."""

    number: int
    team: str  # key, "" nobody's
    name: str
    status: str
    findings: int
    due_at: datetime | None = None
    channel_id: str = ""
    channel_name: str = ""
    post: str = ""
    relook: str = ""
    by: str = ""  # who claimed or decided
    reason: str = ""


class CaseFacts(msgspec.Struct, frozen=True):
    """A case as it is now. `ids` begin with the one people look for; `ghsa` is the GHSA id, "" if it has none.

    `window` is the day the news is of, from local midnight to midnight. `places` are all assets in full; `total` the
    open findings. `severity` is a domain Severity's word.
    """

    number: int
    url: str
    title: str
    summary: str
    severity: str
    status: str
    kind: str
    ids: tuple[str, ...]
    ghsa: str
    window: tuple[datetime, datetime]
    places: tuple[Place, ...]
    fixes: tuple[Fix, ...]
    links: tuple[Link, ...]
    parts: tuple[Part, ...]
    sources: tuple[str, ...]
    total: int
    opened_at: datetime
    ticket: str = ""
    exploited: bool | None = None  # None: nobody looked
    is_demo: bool = False


class Item(msgspec.Struct, frozen=True):
    """A line of a digest or a roll-up."""

    number: int
    url: str
    title: str
    severity: str
    status: str
    places: int
    due_at: datetime | None = None


class ActionOffer(msgspec.Struct, frozen=True):
    """Something the reader may do: its code, and whose part it is about (None: the case)."""

    code: str
    case: int
    part: int | None = None


class Message(msgspec.Struct, frozen=True):
    """What one delivery says. `code` and `params` tell news (`decided`, `claimed` ...) as events do; `text` is a
    person's own.

    `language` and `time_zone` are the reader's. `filtered_by` is what the rule groups by, as its line says ("ghsaId").
    """

    purpose: Purpose
    language: str
    time_zone: str
    case: CaseFacts | None = None
    team: str = ""
    code: str = ""
    params: dict[str, object] = msgspec.field(default_factory=dict)
    text: str = ""
    items: tuple[Item, ...] = ()
    more: int = 0
    link: str = ""
    offers: tuple[ActionOffer, ...] = ()
    by: str = ""
    filtered_by: str = ""


class Action(msgspec.Struct, frozen=True):
    """What somebody did in a destination, as plain values: `services.act` decides whether they may, and does it.

    Codes: create_ticket, claim, decide, defer, fix, not_affected, ask, send_triage. `values` are the form's fields by
    name; `who` is the destination's id of the person; `channel` and `message` where it was pressed. `key` is the same
    for the same deed, however often the destination tells of it; "" where it gives none.
    """

    code: str
    case: int
    part: int | None = None
    values: dict[str, object] = msgspec.field(default_factory=dict)
    who: str = ""
    channel: str = ""
    message: str = ""
    reply: str = ""  # where an answer to this person alone can be put
    trigger: str = ""  # opens a dialogue, for some seconds
    key: str = ""
