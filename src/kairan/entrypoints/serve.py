"""Serving: pages, worker and schedule in one process, or the pages or the worker alone."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import click
import structlog
import uvicorn

from kairan.domain.errors import ConfigError, KairanError
from kairan.entrypoints.config_at_start import apply_file
from kairan.entrypoints.demo_commands import demo_or_not, greet_demo
from kairan.runtime import clock, logging
from kairan.runtime.database import revive
from kairan.runtime.program import typed

GUARD_SECONDS = 3
GOODBYE_SECONDS = 5
Store = Callable[..., AbstractContextManager[None]]


class Serving:
    """Pages on an address, with or without the worker."""

    def __init__(self, host: str, port: int, *, with_worker: bool, demo: bool | None = None) -> None:
        self.host, self.port, self.with_worker, self.demo = host, port, with_worker, demo

    def run(self, store: Store) -> None:
        """Serve until interrupted."""
        logging.configure()
        listening = _listen(self.host, self.port)
        url = _url(self.host, listening.getsockname()[1])
        _allow_host(self.host)
        click.echo("Kairan is starting: the database first.")
        with store(say=click.echo, serving=True):
            from kairan.entrypoints.asgi import app

            is_for_real = not self.with_worker or apply_file(wants_demo=self.demo)
            shows_demo = demo_or_not(self.demo, is_for_real=is_for_real)
            self._greet(url)
            if shows_demo:
                greet_demo(self.host)
            with suppress(KeyboardInterrupt, asyncio.CancelledError):
                asyncio.run(self._serve(app, listening))
        click.echo("Kairan has stopped.")

    def _greet(self, url: str) -> None:
        from kairan.services.accounts import setup_link

        token = setup_link(clock.now())
        click.echo(f"Kairan is up: {url}/")
        if token:
            click.echo(
                f"First time? Make the administrator's account here (the link works once):\n  {url}/setup/{token}/"
            )
        click.echo(f"Bring a report in from another terminal (Ctrl-C stops this one):\n  {typed('import REPORT.json')}")

    async def _serve(self, app: Any, listening: socket.socket) -> None:
        config = uvicorn.Config(
            app, log_config=None, log_level="warning", access_log=False, proxy_headers=False, lifespan="off"
        )  # what it logs goes the way that runtime.logging says
        server = _Server(config)
        guard = asyncio.create_task(_guard())
        worker = asyncio.create_task(self._work())
        await server.serve(sockets=[listening])
        await _stop(worker)  # the guard goes last: the worker's good-bye needs the database
        await _stop(guard)

    async def _work(self) -> None:
        if self.with_worker:
            from kairan.entrypoints.worker import work

            await work()


class _Server(uvicorn.Server):
    """uvicorn, which otherwise dies by the signal that stopped it, before the worker and the database said good-bye."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


async def _stop(task: "asyncio.Task[None]") -> None:
    """Cancel; a second time if the good-bye takes too long (the database may be gone)."""
    for _ in range(3):
        task.cancel()
        done, _pending = await asyncio.wait({task}, timeout=GOODBYE_SECONDS)
        if done:
            break


async def _guard() -> None:
    """Bring the embedded database back when it is killed under us."""
    log = structlog.get_logger("kairan.database")
    while True:
        await asyncio.sleep(GUARD_SECONDS)
        try:
            await asyncio.to_thread(revive)
        except KairanError as error:
            log.error("the database cannot be started", reason=str(error))


def run_worker(store: Store) -> None:
    """Jobs and schedule until interrupted."""
    logging.configure()
    with store(say=click.echo):
        from kairan.entrypoints.worker import work

        click.echo("The worker is running (Ctrl-C stops).")
        with suppress(KeyboardInterrupt, asyncio.CancelledError):
            asyncio.run(_until_signal(_guarded(work())))


async def _guarded(work: Any) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(_guard())
        group.create_task(work)


async def _until_signal(work: Any) -> None:
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    await task


def _listen(host: str, port: int) -> socket.socket:
    """Take the address before anything slow happens: "in use" is said at once."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {host}:{port}: {error.strerror}; choose another --port or --host (make run PORT=…)"
        ) from None
    return listening


def _url(host: str, port: int) -> str:
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else f"[{host}]" if ":" in host else host  # noqa: S104
    return f"http://{shown}:{port}"


def _allow_host(host: str) -> None:
    """Who listens under a name answers to it; who listens everywhere, to this machine's own names and addresses."""
    if "KAIRAN_HOSTS" in os.environ:
        return
    names = [host]
    if host in {"0.0.0.0", "::"}:  # noqa: S104
        names = _own_names()
        click.echo(f"Answering to {', '.join(names)}; set KAIRAN_HOSTS for other names.")
    os.environ["KAIRAN_HOSTS"] = ",".join(["localhost", "127.0.0.1", "[::1]", *names])


def _own_names() -> list[str]:
    name = socket.gethostname()
    names = {name, socket.getfqdn()}
    with suppress(OSError):
        names |= {str(each[4][0]) for each in socket.getaddrinfo(name, None, socket.AF_INET)}
    return sorted(names)
