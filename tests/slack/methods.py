"""The Web API's methods over a world. Each answers as Slack does: `ok`, or an error's code.

https://docs.slack.dev/reference/methods
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.slack import contract
from tests.slack.world import (
    APP,
    BOT,
    BOT_USER,
    TEAM,
    Channel,
    Message,
    Shown,
    User,
    View,
    World,
    as_channel,
    as_message,
    as_user,
)

Args = dict[str, Any]
Answer = dict[str, Any]
TIERS = {1: 20, 2: 20, 3: 50, 4: 100}  # calls a minute; tier 1 is "1+", with bursts tolerated
URL = "https://kairan-test.slack.com/"


class Refusal(Exception):  # noqa: N818 - what Slack does, not what fails here
    """`ok: false` with a code, and what else the answer says."""

    def __init__(self, code: str, **more: Any) -> None:
        self.code, self.more = code, more
        super().__init__(code)


@dataclass(frozen=True)
class Method:
    """`scopes`: one of them is needed. `takes_json`: else a JSON body is ignored, and the arguments are missing."""

    run: Callable[[World, Args], Answer]
    scopes: tuple[str, ...]
    tier: int
    takes_json: bool
    token: str


METHODS: dict[str, Method] = {}
_Run = Callable[[World, Args], Answer]


def method(name: str, *scopes: str, tier: int = 3, takes_json: bool = True, of: str = "xoxb") -> Callable[[_Run], _Run]:
    def keep(run: _Run) -> _Run:
        METHODS[name] = Method(run, scopes, tier, takes_json, of)
        return run

    return keep


# -- who and where ----------------------------------------------------------------------------------------------


def _find(world: World, args: Args) -> Channel:
    """A channel that the bot may know of: private ones only as a member."""
    channel = world.channels.get(str(args.get("channel", "")))
    if channel is None or channel.deleted or (channel.private and BOT_USER not in channel.members):
        raise Refusal("channel_not_found")
    needed = "groups:read" if channel.private else "channels:read"
    if args.get("_reads") and needed not in world.scopes:
        raise Refusal("missing_scope", needed=needed, provided=",".join(sorted(world.scopes)))
    return channel


def _writable(world: World, args: Args) -> Channel:
    channel = _find(world, args)
    if channel.archived:
        raise Refusal("is_archived")
    if BOT_USER not in channel.members:
        raise Refusal("not_in_channel")
    if channel.restricted:
        raise Refusal(channel.restricted)
    return channel


def _readable(world: World, args: Args) -> Channel:
    channel = _find(world, args)
    needed = "groups:history" if channel.private else "channels:history"
    if needed not in world.scopes:
        raise Refusal("missing_scope", needed=needed, provided=",".join(sorted(world.scopes)))
    if BOT_USER not in channel.members:
        raise Refusal("not_in_channel")
    return channel


@method("auth.test", tier=4)
def _auth_test(_world: World, _args: Args) -> Answer:
    return {"url": URL, "team": "Kairan test", "user": "kairan", "team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT}


@method("apps.connections.open", "connections:write", tier=1, of="xapp")
def _connections_open(_world: World, _args: Args) -> Answer:
    return {}  # the server puts its address in


# -- writing ----------------------------------------------------------------------------------------------------


def _decoded(value: Any, problem: str) -> Any:
    """Blocks and metadata may come as JSON inside a text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise Refusal(problem) from None


def _blocks(args: Args) -> list[Any]:
    blocks = _decoded(args.get("blocks") or [], "invalid_blocks_format")
    if wrong := contract.wrong_blocks(blocks):
        raise Refusal("invalid_blocks", response_metadata={"messages": wrong})
    if sum(len(json.dumps(each, ensure_ascii=False)) for each in blocks) > 100_000:
        raise Refusal("msg_blocks_too_long")
    made: list[Any] = [{"block_id": f"auto-{n}", **each} for n, each in enumerate(blocks)]
    return made


def _text(args: Args, blocks: list[Any]) -> str:
    text = args.get("text") or ""
    if not text and not blocks and not args.get("attachments"):
        raise Refusal("no_text")
    if len(text) > 40_000:
        raise Refusal("msg_too_long")
    return str(text)


def _metadata(args: Args) -> dict[str, Any] | None:
    metadata = _decoded(args.get("metadata"), "invalid_metadata_format")
    if metadata is None:
        return None
    if not (isinstance(metadata.get("event_type"), str) and isinstance(metadata.get("event_payload"), dict)):
        raise Refusal("invalid_metadata_format")
    return dict(metadata)


@method("chat.postMessage", "chat:write", tier=0)
def _post(world: World, args: Args) -> Answer:
    channel = _writable(world, args)
    blocks = _blocks(args)
    thread = str(args.get("thread_ts") or "")
    if not isinstance(args.get("thread_ts", ""), str):
        raise Refusal("invalid_thread_ts")
    parent = channel.messages.get(thread)
    if parent is not None and parent.thread_ts:
        parent, thread = channel.messages.get(parent.thread_ts), parent.thread_ts
    if parent is None or (parent.deleted and not world.has_replies(channel, thread)):
        thread = ""  # Slack does not fail: it silently takes the reply out of the thread
    message = Message(
        world.ts(),
        _text(args, blocks),
        blocks,
        BOT_USER,
        BOT,
        thread,
        broadcast=bool(thread and args.get("reply_broadcast")),
        metadata=_metadata(args),
        arguments=dict(args),
    )
    world.add_message(channel, message)
    return {"channel": channel.id, "ts": message.ts, "message": as_message(message, world, channel, metadata=True)}


@method("chat.update", "chat:write", tier=3)
def _update(world: World, args: Args) -> Answer:
    channel = _writable(world, args)
    message = channel.messages.get(str(args["ts"]))
    if message is None or message.deleted:
        raise Refusal("message_not_found")
    if message.bot_id != BOT:
        raise Refusal("cant_update_message")
    blocks = _blocks(args)
    message.text, message.blocks, message.edited = _text(args, blocks), blocks, True
    if "metadata" in args:
        message.metadata = _metadata(args)
    message.arguments = dict(args)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": {"text": message.text}}


@method("chat.postEphemeral", "chat:write", tier=4)
def _ephemeral(world: World, args: Args) -> Answer:
    channel = _writable(world, args)
    if args["user"] not in channel.members:
        raise Refusal("user_not_in_channel")
    blocks = _blocks(args)
    thread = str(args.get("thread_ts") or "")
    world.shown.append(Shown(str(args["user"]), channel.id, _text(args, blocks), blocks, thread))
    return {"message_ts": world.ts()}


@method("chat.getPermalink", tier=4, takes_json=False)
def _permalink(world: World, args: Args) -> Answer:
    channel = _find(world, args)
    message = channel.messages.get(str(args["message_ts"]))
    if message is None or message.deleted:
        raise Refusal("message_not_found")
    return {"channel": channel.id, "permalink": permalink(channel, message)}


def permalink(channel: Channel, message: Message) -> str:
    link = f"{URL}archives/{channel.id}/p{message.ts.replace('.', '')}"
    return f"{link}?thread_ts={message.thread_ts}&cid={channel.id}" if message.thread_ts else link


# -- reading ----------------------------------------------------------------------------------------------------


def _between(world: World, args: Args, messages: list[Message]) -> list[Message]:
    """Those that are to be seen already, between oldest and latest."""
    oldest, latest = str(args.get("oldest") or "0"), str(args.get("latest") or "9999999999.999999")
    inclusive = bool(args.get("inclusive"))
    now = world.clock()

    def fits(ts: str) -> bool:
        key, low, high = _key(ts), _key(oldest), _key(latest)
        return low <= key <= high if inclusive else low < key < high

    return [one for one in messages if one.visible_at <= now and fits(one.ts)]


def _key(ts: str) -> tuple[int, int]:
    whole, _, rest = ts.partition(".")
    try:
        return int(whole), int(rest.ljust(6, "0")[:6] or 0)
    except ValueError:
        raise Refusal("invalid_ts_oldest") from None


def _page(args: Args, items: list[Any], name: str, most: int = 1000) -> Answer:
    """One page by cursor. A cursor that Slack did not make is refused."""
    limit = min(int(args.get("limit") or 100), most)
    cursor = str(args.get("cursor") or "")
    if cursor and not cursor.startswith("next:"):
        raise Refusal("invalid_cursor")
    start = int(cursor.removeprefix("next:") or 0)
    rest = items[start + limit :]
    more = {"response_metadata": {"next_cursor": f"next:{start + limit}" if rest else ""}}
    return {name: items[start : start + limit], "has_more": bool(rest), **more}


@method("conversations.history", "channels:history", "groups:history", takes_json=False)
def _history(world: World, args: Args) -> Answer:
    channel = _readable(world, args)
    there = [m for m in channel.messages.values() if not m.deleted and (not m.thread_ts or m.broadcast)]
    found = sorted(_between(world, args, there), key=lambda m: m.ts, reverse=True)
    shown = [as_message(m, world, channel, metadata=bool(args.get("include_all_metadata"))) for m in found]
    return _page(args, shown, "messages")


@method("conversations.replies", "channels:history", "groups:history", takes_json=False)
def _replies(world: World, args: Args) -> Answer:
    channel = _readable(world, args)
    parent = channel.messages.get(str(args.get("ts", "")))
    if parent is None or (parent.deleted and not world.has_replies(channel, parent.ts)):
        raise Refusal("thread_not_found")
    below = [m for m in channel.messages.values() if m.thread_ts == parent.ts and not m.deleted]
    found = sorted(_between(world, args, below), key=lambda m: m.ts)
    metadata = bool(args.get("include_all_metadata"))
    answer = _page(args, [as_message(m, world, channel, metadata=metadata) for m in found], "messages")
    answer["messages"].insert(0, as_message(parent, world, channel, metadata=metadata))
    return answer


@method("conversations.info", "channels:read", "groups:read", takes_json=False)
def _info(world: World, args: Args) -> Answer:
    channel = _find(world, {**args, "_reads": True})
    return {"channel": as_channel(channel, members=bool(args.get("include_num_members")))}


@method("conversations.members", "channels:read", "groups:read", tier=4, takes_json=False)
def _members(world: World, args: Args) -> Answer:
    channel = _find(world, {**args, "_reads": True})
    answer = _page(args, sorted(channel.members), "members")
    del answer["has_more"]
    return answer


def _listed(world: World, args: Args, channels: list[Channel]) -> Answer:
    kinds = str(args.get("types") or "public_channel").split(",")
    wanted = [
        each
        for each in channels
        if not each.deleted
        and ("private_channel" if each.private else "public_channel") in kinds
        and not (args.get("exclude_archived") and each.archived)
        and (not each.private or BOT_USER in each.members)
    ]
    answer = _page(args, [as_channel(each) for each in wanted], "channels")
    del answer["has_more"]
    return answer


@method("conversations.list", "channels:read", "groups:read", tier=2, takes_json=False)
def _list(world: World, args: Args) -> Answer:
    return _listed(world, args, list(world.channels.values()))


@method("users.conversations", "channels:read", "groups:read", tier=3, takes_json=False)
def _conversations_of(world: World, args: Args) -> Answer:
    user = str(args.get("user") or BOT_USER)
    return _listed(world, args, [each for each in world.channels.values() if user in each.members])


@method("conversations.join", "channels:join", tier=3)
def _join(world: World, args: Args) -> Answer:
    channel = _find(world, args)
    if channel.private:
        raise Refusal("method_not_supported_for_channel_type")
    if channel.archived:
        raise Refusal("is_archived")
    channel.members.add(BOT_USER)
    return {"channel": as_channel(channel)}


def _user(world: World, user: User | None, args: Args) -> Answer:
    if user is None:
        raise Refusal("users_not_found")
    locale = bool(args.get("include_locale"))
    return {"user": as_user(user, email="users:read.email" in world.scopes, locale=locale)}


@method("users.info", "users:read", tier=4, takes_json=False)
def _user_info(world: World, args: Args) -> Answer:
    if args.get("user") not in world.users:
        raise Refusal("user_not_found")
    return _user(world, world.users[args["user"]], args)


@method("users.lookupByEmail", "users:read.email", tier=3, takes_json=False)
def _by_email(world: World, args: Args) -> Answer:
    wanted = str(args["email"]).lower()
    found = next((u for u in world.users.values() if u.email.lower() == wanted and not u.deleted), None)
    return _user(world, found, args)


@method("users.list", "users:read", tier=2, takes_json=False)
def _users(world: World, args: Args) -> Answer:
    shown = [as_user(each, email="users:read.email" in world.scopes) for each in world.users.values()]
    answer = _page(args, shown, "members")
    del answer["has_more"]
    return answer


# -- views ------------------------------------------------------------------------------------------------------


def _view(args: Args) -> dict[str, Any]:
    view = _decoded(args.get("view"), "invalid_arguments")
    if wrong := contract.wrong_view(view):
        raise Refusal("invalid_arguments", response_metadata={"messages": wrong})
    return dict(view)


def _trigger(world: World, args: Args) -> str:
    """Whose trigger it is. Each works once, within 3 seconds."""
    trigger = str(args.get("trigger_id", ""))
    user, until, used = world.triggers.get(trigger, ("", 0.0, ""))
    if not user:
        raise Refusal("invalid_trigger_id")
    if used:
        raise Refusal("exchanged_trigger_id")
    if world.clock() > until:
        raise Refusal("expired_trigger_id")
    world.triggers[trigger] = (user, until, "used")
    return user


def _kept(world: World, user: str, body: dict[str, Any], below: View | None = None) -> View:
    body = {**body, "blocks": [{"block_id": f"auto-{n}", **each} for n, each in enumerate(body["blocks"])]}
    made = View(world.number("V"), user, body, world.number("h"))
    made.root, made.previous = (below.root, below.id) if below else (made.id, "")
    world.views[made.id] = made
    return made


def as_view(view: View) -> dict[str, Any]:
    """A view as Slack gives it back: with its id, hash and app."""
    body = {key: value for key, value in view.body.items() if key != "drafts"}
    extra = {"id": view.id, "hash": view.hash, "root_view_id": view.root, "previous_view_id": view.previous or None}
    return {
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "state": {"values": {}},
        **body,
        **extra,
        "team_id": TEAM,
        "app_id": APP,
        "bot_id": BOT,
        "app_installed_team_id": TEAM,
    }


@method("views.open", tier=4)
def _open(world: World, args: Args) -> Answer:
    body = _view(args)
    if body["type"] != "modal":
        raise Refusal("invalid_arguments")
    return {"view": as_view(_kept(world, _trigger(world, args), body))}


@method("views.push", tier=4)
def _push(world: World, args: Args) -> Answer:
    body = _view(args)
    user = _trigger(world, args)
    open_ones = [each for each in world.views.values() if each.user == user and not each.closed]
    if not open_ones:
        raise Refusal("not_found")
    if len(open_ones) >= 3:
        raise Refusal("push_limit_reached")
    return {"view": as_view(_kept(world, user, body, open_ones[-1]))}


@method("views.update", tier=4)
def _update_view(world: World, args: Args) -> Answer:
    body = _view(args)
    wanted = (args.get("view_id"), args.get("external_id"))
    found = next(
        (
            v
            for v in world.views.values()
            if v.id == wanted[0] or (wanted[1] and v.body.get("external_id") == wanted[1])
        ),
        None,
    )
    if found is None or found.closed:
        raise Refusal("not_found")
    if args.get("hash") and args["hash"] != found.hash:
        raise Refusal("hash_conflict")
    return {"view": as_view(replace_view(world, found, body))}


def replace_view(world: World, view: View, body: dict[str, Any]) -> View:
    view.body = {**body, "blocks": [{"block_id": f"auto-{n}", **each} for n, each in enumerate(body["blocks"])]}
    view.hash, view.errors = world.number("h"), {}
    return view


@method("views.publish", tier=4)
def _publish(world: World, args: Args) -> Answer:
    body = _view(args)
    if body["type"] != "home":
        raise Refusal("invalid_arguments")
    user = world.users.get(args["user_id"])
    if user is None or user.is_bot or user.deleted or user.is_outsider:
        raise Refusal("user_not_found")
    there = world.homes.get(user.id)
    if args.get("hash") and (there is None or args["hash"] != there.hash):
        raise Refusal("hash_conflict")
    if there is None:
        made = world.homes[user.id] = _kept(world, user.id, body)
        del world.views[made.id]  # it is no modal
        return {"view": as_view(made)}
    return {"view": as_view(replace_view(world, there, body))}


def push_view(world: World, user: str, body: dict[str, Any], below: View) -> View:
    return _kept(world, user, body, below)
