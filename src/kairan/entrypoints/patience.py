"""Nobody waits for ever: what a request asks of the database is given up after a while, what the worker asks is not."""

from kairan.entrypoints.body_limit import Application, Receive, Send
from kairan.store.connection import bound_statements


class Patience:
    """An ASGI application: each request runs in a context of its own, in which connections are opened so."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, object], receive: Receive, send: Send) -> None:
        with bound_statements():
            await self.application(scope, receive, send)
