"""What a destination offers that people talk back to: who they are, and how they are answered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from kairan.domain.affected import Affected
from kairan.domain.answer import Answer
from kairan.domain.home import Home
from kairan.interfaces.destination import Carrier, Payload, Problem


@dataclass(frozen=True, slots=True)
class Someone:
    """A person as the destination knows them. `email` is attested by it, "" when it says none.

    `is_outsider`: of another company, a program, or switched off; nothing that they press counts. `is_guest`: let into
    some channels, but none of the company's own people: being in a channel says nothing of what they may do.
    """

    id: str
    name: str
    email: str = ""
    language: str = ""
    is_outsider: bool = False
    is_guest: bool = False


@runtime_checkable
class Conversation(Carrier, Protocol):
    """A carrier to people who press buttons. DeliveryError or UncertainError where the other side does not answer."""

    def someone(self, who: str) -> Someone:
        """Who it is. An id that the destination does not know is an outsider's."""
        ...

    def is_member(self, who: str, channel: str) -> bool:
        """Are they in this channel now?"""
        ...

    def respond(self, reply: str, note: Payload) -> None:
        """Say something to the one person who acted, at the address that came with what they did."""
        ...

    def whisper(self, channel: str, who: str, note: Payload) -> None:
        """Say something in a channel that this person alone sees."""
        ...

    def open_form(self, trigger: str, view: Payload, channel: str, message: str, reply: str = "") -> None:
        """Open a form before the person; the trigger is good for some seconds. It was asked for at a message, and
        what comes of it is said at `reply`, if it can be."""
        ...

    def change_form(self, form: str, seen: str, view: Payload, channel: str, message: str, reply: str = "") -> None:
        """Draw an open form anew; what is entered stays. Nothing, if it was drawn anew since it was `seen`."""
        ...

    def where(self, channel: str, message: str) -> tuple[str, str]:
        """A message's permanent link, and its channel's name; "" for what Kairan does not get to see."""
        ...

    def show_home(self, who: str, view: Payload, seen: str = "") -> bool:
        """Draw the page that the destination keeps for this person. `seen` is the state that they saw: False, and
        nothing is drawn, if it was drawn anew since."""
        ...

    def channels_of(self, who: str) -> frozenset[str]:
        """The channels that they and Kairan are both in."""
        ...

    def check_channels(self, channels: Iterable[str]) -> list[Problem]:
        """What keeps these channels from being told."""
        ...


@runtime_checkable
class Installable(Protocol):
    """A destination that an administrator has to make known at the other side."""

    def manifest(self, address: str, *, posts: bool = False) -> Mapping[str, Any]:
        """What to give there: an app's manifest. `address` of Kairan, where it is reached from outside; "" nowhere.
        `posts`: it wants to hear of posts, for those that start rounds."""
        ...


@runtime_checkable
class Homely(Protocol):
    """A destination with a page of its own for each person: an Action `home` says that it was opened."""

    def home(self, found: Home, said: Answer | None, language: str) -> Payload:
        """The page. `said`: what came of what the person did on it just now."""
        ...


@runtime_checkable
class Answering(Protocol):
    """A destination in which people ask who is affected: an Action `lookup`, with the `text` they typed."""

    def affected(self, found: Affected, language: str) -> Payload:
        """The answer, for this person alone."""
        ...
