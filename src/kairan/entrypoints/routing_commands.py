"""Routing on the command line: what the worker does by itself, now; and the release of a silent baseline."""

import click

from kairan.entrypoints.running import actor, as_json, command, store
from kairan.runtime import clock


@click.command("route")
@as_json
@command
def route(as_json: bool) -> None:
    """Bring cases in line with the findings that changed. The worker does so by itself; this does it now.

    Imports leave what changed for the rules; without a worker it waits for the next `kairan up`, or for this.
    """
    from kairan.entrypoints.terminal import ImportProgress, print_json

    with store(), ImportProgress() as progress:
        from kairan.services import route as service

        progress.report("findings", service.waiting())
        done = service.drain(clock.now(), progress=progress.advance)
        if as_json:
            print_json({"routed": done.rows, "events": done.news, "silent": done.silent})
        else:
            click.echo(f"{done.rows} changes routed: {done.news} events of cases")
            if done.silent:
                click.echo(f"  {done.silent} cases are a first connection's: see `kairan baseline`")


@click.command("baseline")
@click.option("--release", "number", type=click.IntRange(1, 10_000), metavar="N", help="Tell of the N worst, now.")
@as_json
@command
def baseline(number: int | None, as_json: bool) -> None:
    """How many cases of first connections wait to be told. They are told in slices, the worst first (kairan.yaml)."""
    from kairan.entrypoints.terminal import print_json

    with store():
        from kairan.services import baseline as service
        from kairan.services.actor import Actor

        if number:
            done = service.release(number, Actor(actor()), clock.now())
        else:
            done = service.Released(0, service.waiting())
        if as_json:
            print_json({"released": done.released, "waiting": done.waiting})
            return
        if number:
            click.echo(f"{done.released} released: they are told now")
        click.echo(f"{done.waiting} cases wait to be told")


COMMANDS = (route, baseline)
