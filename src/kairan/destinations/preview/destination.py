"""The destination whose other side is the delivery itself: what was sent is its payload, the page `messages/` shows
it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, cast

from kairan.domain.answer import Answer
from kairan.domain.errors import ConfigError
from kairan.domain.message import Action, Message
from kairan.interfaces import registry
from kairan.interfaces.destination import Guarantee, Interactive, Parcel, Payload, Problem, Receipt, Surroundings

_DRAWN_BY = "slack"


class PreviewCarrier:
    """Nothing leaves Kairan, so nothing can fail or be uncertain: the payload is kept with the delivery."""

    def send(self, parcel: Parcel) -> Receipt:
        """The marker is the message's name. An edit is of the message it edits."""
        if parcel.edits and parcel.root:
            return parcel.root
        return Receipt(parcel.marker, f"/messages/{parcel.marker}/")

    def find(self, parcel: Parcel, since: datetime) -> Receipt:
        """Sending is nothing but keeping: what may have been sent can be said to be."""
        return self.send(parcel)

    def check(self) -> list[Problem]:
        return []

    def close(self) -> None:
        """Nothing is open."""


class Preview:
    """Draws, reads and answers as Slack does; sends nothing anywhere."""

    kind: ClassVar[str] = "preview"
    title: ClassVar[str] = "Preview"
    guarantee: ClassVar[Guarantee] = "exactly_once"
    settle: ClassVar[timedelta] = timedelta(0)
    pace: ClassVar[timedelta] = timedelta(0)
    can_edit: ClassVar[bool] = True

    def check_settings(self, settings: Mapping[str, object]) -> Mapping[str, object]:
        if settings:
            raise ConfigError(f"a preview has no settings; remove: {', '.join(sorted(settings))}")
        return settings

    def render(self, message: Message) -> Payload:
        return _slack().render(message)

    def open(self, settings: Mapping[str, object], around: Surroundings) -> PreviewCarrier:
        return PreviewCarrier()

    def actions(self, payload: Mapping[str, Any]) -> list[Action]:
        return _slack().actions(payload)

    def answer(self, answer: Answer, language: str) -> Payload:
        return _slack().answer(answer, language)


def _slack() -> Interactive:
    """By its kind: folders of destinations never import one another."""
    return cast(Interactive, registry.destinations()[_DRAWN_BY])
