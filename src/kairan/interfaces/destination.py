"""What a destination offers, and what it is given.

A destination draws messages (`render`, pure) and carries them (`open` gives a `Carrier`). It knows no database: what
it has to remember is the receipt, which Kairan keeps with the delivery and hands back for edits and replies.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, runtime_checkable

from kairan.domain.answer import Answer
from kairan.domain.errors import KairanError
from kairan.domain.message import Action, Message

Guarantee = Literal["exactly_once", "at_least_once"]
Payload = Mapping[str, Any]  # JSON values only: what is sent, in the destination's own shape


class DeliveryError(KairanError):
    """It was certainly not delivered. `permanent`: trying again is no use, as things are. `retry_after` is obeyed.

    `whole`: the destination itself is the trouble (token revoked, workspace down, rate limit of everything), not this
    message. `gone`: the message to edit or to reply to was deleted there, or the address to answer at is over.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after: timedelta | None = None,
        whole: bool = False,
        gone: bool = False,
    ) -> None:
        self.permanent, self.retry_after, self.whole, self.gone = permanent, retry_after, whole, gone
        super().__init__(message)


class UncertainError(KairanError):
    """It may have been delivered: the answer never came (timeout, cut connection, an unreadable answer)."""


class LookError(KairanError):
    """Looking for a message failed or is limited: nothing is known. `retry_after` is obeyed."""

    def __init__(self, message: str, *, retry_after: timedelta | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the other side gave: how it names the message there, and a link to it. Both may be empty."""

    id: str = ""
    url: str = ""
    more: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One delivery. `edits`: `root` is the message to change; else, if there is a root, it is the one to reply to.

    `marker` has to be kept by the other side, so that `find` meets it. `broadcast`: a reply that the whole channel
    sees.
    """

    marker: str
    channel: str
    payload: Payload
    root: Receipt | None = None
    edits: bool = False
    broadcast: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a destination's set-up, and what to do."""

    what: str
    todo: str


class Carrier(Protocol):
    """A connection to one configured destination. Every call has a time limit of its own."""

    def send(self, parcel: Parcel) -> Receipt:
        """Deliver. DeliveryError: certainly not delivered. UncertainError: nobody knows."""
        ...

    def find(self, parcel: Parcel, since: datetime) -> Receipt | None:
        """The message with the parcel's marker, from a consistent view; None: it is not there. LookError else."""
        ...

    def check(self) -> list[Problem]:
        """What is missing (rights, membership, a wrong address), found without telling anybody anything."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a destination is given of the world: how to read a secret's reference, and the time."""

    secret: Any  # Callable[[str], str]
    now: Any  # Callable[[], datetime]
    shared_channels: frozenset[str] = frozenset()


@runtime_checkable
class Destination(Protocol):
    """A kind of place where people are told. Each is one folder in `kairan/destinations/` with one `DESTINATION`."""

    @property
    def kind(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def guarantee(self) -> Guarantee: ...

    @property
    def settle(self) -> timedelta:
        """How long after our timeout an uncertain message may still appear (its documented lag included)."""
        ...

    @property
    def pace(self) -> timedelta:
        """Between two messages into one channel."""
        ...

    @property
    def can_edit(self) -> bool: ...

    def check_settings(self, settings: Mapping[str, object]) -> Mapping[str, object]:
        """The settings as used, defaults filled in. ConfigError names the key that is wrong and what to do."""
        ...

    def render(self, message: Message) -> Payload:
        """Draw a message within all limits of the destination: what does not fit is said and linked."""
        ...

    def open(self, settings: Mapping[str, object], around: Surroundings) -> Carrier: ...


@runtime_checkable
class Interactive(Destination, Protocol):
    """A destination whose messages can be acted upon."""

    def actions(self, payload: Mapping[str, Any]) -> list[Action]:
        """What somebody did, by the payload that the destination sends for it; [] for what is not ours."""
        ...

    def answer(self, answer: Answer, language: str) -> Payload:
        """What the person who acted is shown, each part in the destination's own shape: `note` (to them alone),
        `errors` (by the form's fields), `view` (a form to open)."""
        ...
