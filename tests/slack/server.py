"""The local Slack as a server: Web API, answers' addresses and Socket Mode, on loopback, in a thread of its own."""

import asyncio
import contextlib
import json
import threading
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

from aiohttp import web

from tests.slack import contract
from tests.slack.faults import Fault, Faults, Limits
from tests.slack.methods import METHODS, Method, Refusal
from tests.slack.socket_mode import SocketMode
from tests.slack.world import APP_TOKEN, Shown, World

T = TypeVar("T")
Args = dict[str, Any]


class Server:
    """`url` is the Web API's base (for WebClient's `base_url`)."""

    def __init__(self, world: World | None = None, port: int = 0) -> None:
        self.world = world or World()
        self.faults, self.limits, self.socket = Faults(self.world), Limits(self.world), SocketMode()
        self.port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True, name="local-slack")
        self._ready = threading.Event()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/"

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(10), "the local Slack did not start"

    def stop(self) -> None:
        self.call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run in the server's loop, from another thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._open())
        self._ready.set()
        self._loop.run_forever()

    async def _open(self) -> None:
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_get("/link", self._link)
        app.router.add_post("/actions/{token}", self._answer)
        self.add_routes(app)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    def add_routes(self, app: web.Application) -> None:
        """For those who want to steer it from another process."""

    async def _close(self) -> None:
        for socket in list(self.socket.connections.values()):
            await socket.close()
        if self._runner:
            await self._runner.cleanup()

    # -- Web API ------------------------------------------------------------------------------------------------

    async def _api(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        if self.world.is_down:
            return web.Response(status=503, text="<html>down</html>", content_type="text/html")
        fault = self.faults.next(name)
        if fault and fault.kind.endswith("_before"):
            return await self._fail(request, fault)
        args = await self._arguments(request, name)
        if wait := self.limits.wait(name, str(args.get("channel", ""))) if name in METHODS else 0:
            return _limited(wait)
        if fault and fault.code == "ratelimited":
            return _limited(fault.retry_after or 1)
        answer = self._answered(request, name, args, fault)
        if fault and fault.kind.endswith("_after"):
            return await self._fail(request, fault)
        return web.json_response(answer, headers=self._headers(name))

    def _headers(self, name: str) -> dict[str, str]:
        accepted = METHODS[name].scopes if name in METHODS else ()
        return {"x-oauth-scopes": ",".join(sorted(self.world.scopes)), "x-accepted-oauth-scopes": ",".join(accepted)}

    async def _arguments(self, request: web.Request, name: str) -> Args:
        """JSON counts only at methods that take it; else the query and the form, all of them texts."""
        form: Args = dict(request.query)
        if request.content_type == "application/json":
            body = json.loads(await request.text() or "{}")
            takes = name in METHODS and METHODS[name].takes_json
            return {**contract.typed(name, form), **body} if takes and isinstance(body, dict) else form
        form |= {key: str(value) for key, value in (await request.post()).items()}
        return contract.typed(name, form)

    def _answered(self, request: web.Request, name: str, args: Args, fault: Fault | None) -> Args:
        with self.world.lock:
            try:
                if fault and fault.code:
                    raise Refusal(fault.code)
                answer = self._called(request, name, args)
            except Refusal as refusal:
                answer = {"ok": False, "error": refusal.code, **refusal.more}
            self._log(name, args, answer)
        return answer

    def _called(self, request: web.Request, name: str, args: Args) -> Args:
        method = METHODS.get(name)
        if method is None:
            raise Refusal("unknown_method", req_method=name)
        self._authorise(request, method, args)
        args.pop("token", None)
        if wrong := contract.wrong_arguments(name, args):
            raise Refusal("invalid_arguments", response_metadata={"messages": wrong})
        more = {"url": f"ws://127.0.0.1:{self.port}/link?ticket=1&app_id=1"} if name == "apps.connections.open" else {}
        return {"ok": True, **method.run(self.world, args), **more}

    def _authorise(self, request: web.Request, method: Method, args: Args) -> None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ") or str(args.get("token", ""))
        if not token:
            raise Refusal("not_authed")
        if token not in self.world.tokens:
            raise Refusal("invalid_auth")
        if error := self.world.tokens[token]:
            raise Refusal(error)
        if method.token not in token.split("-", 1)[0]:
            raise Refusal("not_allowed_token_type")
        granted = self.world.scopes | ({"connections:write"} if token == APP_TOKEN else set())
        if method.scopes and not granted & set(method.scopes):
            raise Refusal("missing_scope", needed=method.scopes[0], provided=",".join(sorted(granted)))

    def _log(self, name: str, args: Args, answer: Args) -> None:
        from tests.slack.world import Call

        self.world.calls.append(Call(name, args, self.world.clock(), answer))

    async def _fail(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        """The request is answered badly, late, or not at all."""
        if fault.kind.startswith("error_500"):
            return web.Response(status=500, text="Server Error")
        if fault.kind == "garbage_after":
            return web.Response(text='{"ok": tr', content_type="application/json")
        if fault.kind.startswith("hang"):
            await asyncio.sleep(self.faults.hang)
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=502)

    # -- answers and sockets ------------------------------------------------------------------------------------

    async def _answer(self, request: web.Request) -> web.Response:
        """A response_url: 5 times within 30 minutes, without a token."""
        body = await request.json()
        with self.world.lock:
            reply = self.world.replies.get(request.match_info["token"])
            if reply is None or reply.left <= 0 or self.world.clock() > reply.until:
                return web.json_response({"ok": False, "error": "expired_url"}, status=404)
            if wrong := contract.wrong_blocks(body.get("blocks", [])):
                return web.json_response({"ok": False, "error": "invalid_blocks", "messages": wrong}, status=400)
            reply.left -= 1
            text, blocks = body.get("text", ""), body.get("blocks", [])
            thread = str(body.get("thread_ts", ""))
            replaces = reply.message if body.get("replace_original") else ""
            self.world.shown.append(Shown(reply.user, reply.channel, text, blocks, thread, replaces))
        return web.Response(text="ok")

    async def _link(self, request: web.Request) -> web.WebSocketResponse:
        return await self.socket.serve(request)


def _limited(seconds: int) -> web.Response:
    headers = {"Retry-After": str(seconds)}
    return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)


@contextlib.contextmanager
def serve(world: World | None = None) -> Iterator[Server]:
    """A local Slack for as long as the block lasts."""
    server = Server(world)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def as_json(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)
