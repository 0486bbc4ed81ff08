"""The destination as Kairan asks for it."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

import msgspec

from kairan.destinations.slack import answers, asked, events, home, inbound, manifest, render
from kairan.destinations.slack.carrier import SlackCarrier
from kairan.destinations.slack.channels import Channels
from kairan.destinations.slack.config import checked
from kairan.domain.affected import Affected
from kairan.domain.answer import Answer
from kairan.domain.home import Home
from kairan.domain.message import Action, Message
from kairan.interfaces.destination import Guarantee, Payload, Surroundings


class Slack:
    """Messages in Block Kit, and what people do with them."""

    kind: ClassVar[str] = "slack"
    title: ClassVar[str] = "Slack"
    guarantee: ClassVar[Guarantee] = "exactly_once"
    settle: ClassVar[timedelta] = timedelta(seconds=90)
    pace: ClassVar[timedelta] = timedelta(seconds=1.1)  # about one message a second and channel
    can_edit: ClassVar[bool] = True

    def __init__(self) -> None:
        self._channels: dict[str, Channels] = {}

    def check_settings(self, settings: Mapping[str, object]) -> Mapping[str, object]:
        found: Mapping[str, object] = msgspec.to_builtins(checked(settings))
        return found

    def render(self, message: Message) -> Payload:
        return render.render(message)

    def open(self, settings: Mapping[str, object], around: Surroundings) -> SlackCarrier:
        used = checked(settings)
        token = around.secret(used.bot_token)
        known_by = hashlib.sha256(f"{used.base_url} {token}".encode()).hexdigest()
        return SlackCarrier(used, around, self._channels.setdefault(known_by, Channels()))

    def manifest(self, address: str, *, posts: bool = False) -> Mapping[str, Any]:
        return manifest.manifest(address, posts=posts)

    def actions(self, payload: Mapping[str, Any]) -> list[Action]:
        return asked.read(payload) or events.read(payload) or inbound.read(payload)

    def affected(self, found: Affected, language: str) -> Payload:
        return asked.draw(found, language)

    def home(self, found: Home, said: Answer | None, language: str) -> Payload:
        return home.home(found, said, language)

    def answer(self, answer: Answer, language: str) -> Payload:
        return answers.answer(answer, language)
