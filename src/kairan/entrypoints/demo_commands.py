"""The demo on the command line: made by `kairan up`, how far it is, and moving its time on."""

import os
from typing import TYPE_CHECKING

import click

from kairan.domain.errors import ConfigError
from kairan.entrypoints.running import actor, as_json, command, store
from kairan.runtime import clock
from kairan.runtime.program import start_for_real

if TYPE_CHECKING:
    from kairan.store.queries.demo import State

MOST_DAYS = 366
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_MEANT_FOR_REAL = ("DATABASE_URL", "KAIRAN_ARCHIVE_URL", "KAIRAN_TLS")


def demo_or_not(asked: bool | None, *, is_for_real: bool = False) -> bool:
    """Make a demo of an untouched store, unless somebody asked otherwise. Is the store one?

    Who set up a database, a storage or a proxy, or wrote a kairan.yaml (`is_for_real`), means it for real, and a
    store once made a demo stays one: there it has to be asked for. ConfigError where no demo is wanted of a store
    that is one.
    """
    from kairan.services import demo as service
    from kairan.store.queries import demo as row

    is_demo = row.find() is not None
    if is_demo and asked is False:
        raise ConfigError(f"this data folder holds a demo, and stays one. To start for real: {start_for_real()}")
    if not is_demo and (asked or (asked is None and not is_for_real and not any(map(os.environ.get, _MEANT_FOR_REAL)))):
        return service.found(clock.now())
    if is_demo:
        service.wake_if_needed()
    return is_demo


def greet_demo(host: str) -> None:
    """Say that it is a demo, how to get in, and how to get out."""
    from kairan.demo.organisation import COMPANY
    from kairan.services import demo as service

    state = service.state()
    names = ", ".join(service.LOGINS)
    click.echo(f"This is a demo: {COMPANY}, an invented company.")
    if state.is_playing:
        click.echo(f"  {state.played} of {state.days} days are played; the rest follows while you look around.")
    click.echo(f"  Log in as {names}; the password of each is {service.PASSWORD}")
    if host not in _LOOPBACK:
        click.echo("  Whoever reaches this address can log in: bring no reports of your own in here.")
    click.echo(f"  To start for real: {start_for_real()}")


@click.group("demo")
def demo() -> None:
    """The demo, an invented company: its state, its next day."""


@demo.command("status")
@as_json
@command
def status(as_json: bool) -> None:
    """How many of its days are played."""
    with store():
        from kairan.services import demo as service

        _tell(service.state(), as_json)


@demo.command("next-day")
@click.option("--days", default=1, show_default=True, type=click.IntRange(1, MOST_DAYS), help="How many days.")
@as_json
@command
def next_day(days: int, as_json: bool) -> None:
    """Move time on by a day, or more. What comes after today happens now."""
    with store():
        from kairan.services import demo as service
        from kairan.store.connection import raw_cursor
        from kairan.store.queries.runs import totals

        before = totals(raw_cursor())
        _tell(service.next_day(clock.now, actor(), days), as_json, before)


def _tell(state: "State", as_json: bool, before: tuple[int, int] | None = None) -> None:
    """`before`: findings open and closed, to say by how much they moved."""
    from kairan.entrypoints.terminal import print_json
    from kairan.store.connection import raw_cursor
    from kairan.store.queries.runs import totals

    now = totals(raw_cursor())
    if as_json:
        findings = dict(zip(("open", "closed"), now, strict=True))
        days = {"played": state.played, "days": state.days, "until": state.until}
        print_json({**days, "playing": state.is_playing, "seed": state.seed, "findings": findings})
        return
    played = f"{state.played} of {state.days} days" if state.is_playing else f"All {state.days} days"
    until = f", until {state.until:%Y-%m-%d %H:%M} UTC" if state.until else ""
    opened, closed = (_moved(*each) for each in zip(now, before or now, strict=True))
    click.echo(f"{played} played{until}")
    click.echo(f"Findings now: {opened} open, {closed} closed")


def _moved(number: int, before: int) -> str:
    return f"{number} ({number - before:+})" if number != before else str(number)


COMMANDS = (demo,)
