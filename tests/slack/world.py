"""A workspace's state: channels, people, messages, views. No network here."""

import itertools
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

TEAM = "T0KAIRAN01"
APP = "A0KAIRAN01"
BOT_USER, BOT = "U0KAIRANBT", "B0KAIRAN01"
BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = "xoxb-local-bot", "xapp-local-app", "local-signing-secret"
SCOPES = (
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "groups:history",
    "groups:read",
    "users:read",
    "users:read.email",
)


class Clock:
    """The workspace's time; tests move it forward."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self._ahead

    def set(self, instant: float) -> None:
        self._ahead = instant - time.time()

    def advance(self, seconds: float) -> None:
        self._ahead += seconds


@dataclass
class User:
    id: str
    name: str
    email: str = ""
    team: str = TEAM  # another one: a guest of Slack Connect
    locale: str = ""
    is_bot: bool = False
    deleted: bool = False
    guest: str = ""  # "multi" or "single": of our own workspace, let into several channels or one

    @property
    def is_outsider(self) -> bool:
        return self.team != TEAM


@dataclass
class Channel:
    id: str
    name: str
    private: bool = False
    archived: bool = False
    deleted: bool = False
    shared: bool = False  # with another company
    pending_shared: bool = False
    restricted: str = ""  # an error that posting gives: restricted_action ...
    members: set[str] = field(default_factory=set)
    messages: dict[str, "Message"] = field(default_factory=dict)  # by ts, in their order


@dataclass
class Message:
    ts: str
    text: str
    blocks: list[Any]
    user: str
    bot_id: str = ""
    thread_ts: str = ""
    broadcast: bool = False
    metadata: dict[str, Any] | None = None
    visible_at: float = 0
    edited: bool = False
    deleted: bool = False
    arguments: dict[str, Any] = field(default_factory=dict)  # as they were given
    drafts: dict[str, dict[tuple[str, str], Any]] = field(default_factory=dict)  # what people typed in, by user


@dataclass
class Shown:
    """What one person alone sees: an ephemeral message, or the answer to what they did."""

    user: str
    channel: str
    text: str
    blocks: list[Any]
    thread_ts: str = ""
    replaces: str = ""


@dataclass
class View:
    id: str
    user: str
    body: dict[str, Any]
    hash: str
    root: str = ""
    previous: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    closed: bool = False


@dataclass
class Reply:
    """Where an answer to one person can be put: 5 times in 30 minutes."""

    user: str
    channel: str
    message: str
    until: float
    left: int = 5


@dataclass
class Call:
    """A request that came in, for tests to look at."""

    method: str
    args: dict[str, Any]
    at: float
    answer: dict[str, Any] = field(default_factory=dict)


class World:
    """Everything of one workspace. `lock` guards it: the server's thread and the test's both change it."""

    def __init__(self, seed: int = 1) -> None:
        self.lock = threading.RLock()
        self.clock = Clock()
        self.dice = random.Random(seed)
        self.channels: dict[str, Channel] = {}
        self.users: dict[str, User] = {}
        self.views: dict[str, View] = {}
        self.homes: dict[str, View] = {}
        self.shown: list[Shown] = []
        self.replies: dict[str, Reply] = {}
        self.triggers: dict[str, tuple[str, float, str]] = {}  # id -> (user, until, used by)
        self.calls: list[Call] = []
        self.scopes: set[str] = set(SCOPES)
        self.tokens: dict[str, str] = {BOT_TOKEN: "", APP_TOKEN: ""}  # token -> the error it gives ("" none)
        self.lag: tuple[float, float] = (0, 0)  # seconds until a message shows in history
        self.is_down = False
        self._numbers = itertools.count(1)
        self._last_ts = 0
        self.on_event: Callable[[dict[str, Any]], None] = lambda _event: None
        self.users[BOT_USER] = User(BOT_USER, "kairan", is_bot=True)

    # -- making things ------------------------------------------------------------------------------------------

    def user(self, name: str, email: str = "", **more: Any) -> User:
        made = User(f"U{name.upper().replace('.', '')[:9]:0>9}", name, email or f"{name}@example.com", **more)
        with self.lock:
            self.users[made.id] = made
        return made

    def channel(self, name: str, *members: User, bot: bool = True, id: str = "", **more: Any) -> Channel:  # noqa: A002
        made = Channel(id or f"C{next(self._numbers):09d}", name, **more)
        made.members = {each.id for each in members} | ({BOT_USER} if bot else set())
        with self.lock:
            self.channels[made.id] = made
        return made

    def number(self, letter: str) -> str:
        return f"{letter}{next(self._numbers):010d}"

    def ts(self) -> str:
        """Unique and rising. Microseconds, as a text."""
        with self.lock:
            self._last_ts = max(int(self.clock() * 1_000_000), self._last_ts + 1)
            return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def add_message(self, channel: Channel, message: Message) -> Message:
        with self.lock:
            message.visible_at = self.clock() + self.dice.uniform(*self.lag)
            channel.messages[message.ts] = message
        return message

    def trigger(self, user: str) -> str:
        made = self.number("trigger.")
        with self.lock:
            self.triggers[made] = (user, self.clock() + 3, "")
        return made

    def reply_token(self, user: str, channel: str, message: str) -> str:
        token = self.number("R")
        with self.lock:
            self.replies[token] = Reply(user, channel, message, self.clock() + 1800)
        return token

    # -- looking at things --------------------------------------------------------------------------------------

    def posts(self, channel: str) -> list[Message]:
        """What people see in a channel: messages, and replies that were broadcast."""
        with self.lock:
            found = self.channels[channel].messages.values()
            return [one for one in found if not one.deleted and (not one.thread_ts or one.broadcast)]

    def thread(self, channel: str, ts: str) -> list[Message]:
        """The replies below a message."""
        with self.lock:
            found = self.channels[channel].messages.values()
            return [one for one in found if not one.deleted and one.thread_ts == ts]

    def seen_by(self, user: str) -> list[Shown]:
        with self.lock:
            return [each for each in self.shown if each.user == user]

    def called(self, method: str) -> list[Call]:
        with self.lock:
            return [each for each in self.calls if each.method == method]

    def delete_message(self, channel: str, ts: str) -> None:
        with self.lock:
            self.channels[channel].messages[ts].deleted = True

    def has_replies(self, channel: Channel, ts: str) -> bool:
        return any(one.thread_ts == ts and not one.deleted for one in channel.messages.values())


def as_message(message: Message, world: World, channel: Channel, *, metadata: bool) -> dict[str, Any]:
    """A message as history shows it."""
    shown: dict[str, Any] = {
        "type": "message",
        "ts": message.ts,
        "user": message.user,
        "text": message.text,
        "blocks": message.blocks,
        "team": TEAM,
    }
    if message.bot_id:
        shown |= {"bot_id": message.bot_id, "app_id": APP}
    replies = [one for one in channel.messages.values() if one.thread_ts == message.ts and not one.deleted]
    if message.thread_ts or replies:
        shown["thread_ts"] = message.thread_ts or message.ts
    if replies:
        shown |= {"reply_count": len(replies), "latest_reply": replies[-1].ts}
    if message.broadcast:
        shown["subtype"] = "thread_broadcast"
    if message.edited:
        shown["edited"] = {"user": message.user, "ts": message.ts}
    if metadata and message.metadata:
        shown["metadata"] = message.metadata
    return shown


def as_channel(channel: Channel, *, members: bool = False) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.private,
        "is_group": False,
        "is_im": False,
        "is_private": channel.private,
        "is_archived": channel.archived,
        "is_member": BOT_USER in channel.members,
        "is_shared": channel.shared,
        "is_ext_shared": channel.shared,
        "is_org_shared": False,
        "is_pending_ext_shared": channel.pending_shared,
        "creator": BOT_USER,
        "created": 1_600_000_000,
    }
    if members:
        shown["num_members"] = len(channel.members)
    return shown


def as_user(user: User, *, email: bool, locale: bool = False) -> dict[str, Any]:
    profile = {"display_name": user.name, "real_name": user.name.title()}
    if email and user.email and not user.is_outsider:
        profile["email"] = user.email
    return {
        "id": user.id,
        "team_id": user.team,
        "name": user.name,
        "real_name": user.name.title(),
        "deleted": user.deleted,
        "is_bot": user.is_bot,
        "is_restricted": bool(user.guest),
        "is_ultra_restricted": user.guest == "single",
        "is_stranger": user.is_outsider,
        "profile": profile,
    } | ({"locale": user.locale} if locale and user.locale else {})
