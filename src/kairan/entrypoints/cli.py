"""The command line: unpack what was typed, call one service, print what it says."""

import time
from datetime import UTC, datetime
from typing import Any

import click

from kairan import __version__
from kairan.domain.errors import KairanError
from kairan.entrypoints.case_commands import COMMANDS as CASE_COMMANDS
from kairan.entrypoints.config_commands import COMMANDS as CONFIG_COMMANDS
from kairan.entrypoints.demo_commands import COMMANDS as DEMO_COMMANDS
from kairan.entrypoints.django_setup import migrate, setup
from kairan.entrypoints.routing_commands import COMMANDS as ROUTING_COMMANDS
from kairan.entrypoints.rule_commands import COMMANDS as RULE_COMMANDS
from kairan.entrypoints.running import BAD_INPUT, HELD, actor, as_json, command, store
from kairan.entrypoints.search_commands import COMMANDS
from kairan.entrypoints.slack_commands import COMMANDS as SLACK_COMMANDS
from kairan.entrypoints.user_commands import COMMANDS as USER_COMMANDS
from kairan.runtime import clock
from kairan.runtime.database import database
from kairan.runtime.environment import DEMO


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Kairan carries vulnerability alerts to the people who must act, until each is settled.

    Exit codes: 0 done · 1 Kairan or its database failed · 2 something given could not be read or was rejected ·
    3 closings are held for a person · 130 interrupted.
    """


for each in (
    *COMMANDS,
    *USER_COMMANDS,
    *CASE_COMMANDS,
    *SLACK_COMMANDS,
    *RULE_COMMANDS,
    *DEMO_COMMANDS,
    *CONFIG_COMMANDS,
    *ROUTING_COMMANDS,
):
    main.add_command(each)


@main.command()
@as_json
@command
def version(as_json: bool) -> None:
    """Print the version."""
    from kairan.entrypoints.terminal import print_json

    if as_json:
        print_json({"version": __version__})
    else:
        click.echo(f"kairan {__version__}")


on_host = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
on_port = click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on."
)


@main.command()
@on_host
@on_port
@click.option(
    "--demo/--no-demo",
    "demo",
    default=None,
    envvar=DEMO,
    help="Whether to make a demo of a store that holds nothing, with an invented company in it."
    " Default: yes, unless DATABASE_URL, KAIRAN_ARCHIVE_URL or KAIRAN_TLS is set.",
)
@command
def up(host: str, port: int, demo: bool | None) -> None:
    """Run everything in one: database, pages, worker, schedule. A store that holds nothing becomes a demo."""
    from kairan.entrypoints.serve import Serving

    Serving(host, port, with_worker=True, demo=demo).run(store)


@main.command()
@on_host
@on_port
@command
def web(host: str, port: int) -> None:
    """Serve the pages only."""
    from kairan.entrypoints.serve import Serving

    Serving(host, port, with_worker=False).run(store)


@main.command()
@command
def worker() -> None:
    """Run jobs and the schedule only."""
    from kairan.entrypoints.serve import run_worker

    run_worker(store)


@main.command("migrate")
@as_json
@command
def migrate_command(as_json: bool) -> None:
    """Bring the database's schema up to date. Every command does so by itself; this only does it now."""
    from kairan.entrypoints.terminal import print_json

    with database():
        setup()
        applied = migrate()
    if as_json:
        print_json({"applied": applied})
    else:
        click.echo(f"{applied} migrations applied" if applied else "the schema is up to date")


class Instant(click.ParamType[datetime]):
    """ISO 8601; without an offset it is UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            read = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time; write 2026-11-21 or 2026-11-21T09:30:00+09:00", param, ctx)
        return read if read.tzinfo else read.replace(tzinfo=UTC)


@main.command("import")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--source", "kind", metavar="KIND", help="Read as this source's report (needed for null, [] and {}).")
@click.option("--asset", metavar="KIND:NAME", help="What the report is about, where it does not say, or says wrong.")
@click.option("--as-of", type=Instant(), help="When it was true, for reports that carry no time of their own.")
@click.option("--partial", "complete", flag_value="partial", help="Absence in it closes nothing.")
@click.option("--complete", "complete", flag_value="complete", help="It names everything there is.")
@as_json
@command
def import_command(
    paths: tuple[str, ...],
    kind: str | None,
    asset: str | None,
    as_of: datetime | None,
    complete: str | None,
    as_json: bool,
) -> int:
    """Read reports: files, folders, globs, or - for standard input.

    Plain, gz or zst, in UTF-8 or UTF-16. The source is recognised by content. Reading the same report again changes
    nothing.
    """
    from kairan.entrypoints.terminal import ImportProgress

    started = time.monotonic()
    with store(), ImportProgress() as progress:
        from kairan.runtime import documents
        from kairan.runtime.object_store import Archive
        from kairan.services.intake import Intake, parse_options

        options = parse_options(kind, asset, as_of, {"partial": False, "complete": True}.get(complete or ""))
        if kind:
            from kairan.interfaces import registry

            registry.source(kind)
        intake = Intake(options, Archive.configured(), clock.now, progress)
        result = intake.read_all(documents.find(paths))
        return _tell(result, as_json, started)


@main.command()
@click.option("--source", "kind", metavar="KIND", help="Only what this source said.")
@as_json
@command
def replay(kind: str | None, as_json: bool) -> int:
    """Read all that is archived again, through today's parsers. In the order of its time; nobody is told."""
    from kairan.entrypoints.terminal import ImportProgress

    started = time.monotonic()
    with store(), ImportProgress() as progress:
        from kairan.runtime.object_store import Archive
        from kairan.services.replay import replay as replay_service

        return _tell(replay_service(Archive.configured(), clock.now, progress, kind), as_json, started)


def _tell(result: Any, as_json: bool, started: float) -> int:
    from kairan.entrypoints.terminal import print_json
    from kairan.store.connection import raw_cursor
    from kairan.store.queries.runs import totals

    opened, closed = totals(raw_cursor())
    counts = result.counts
    if as_json:
        seconds = round(time.monotonic() - started, 3)
        findings = {"open": opened, "closed": closed}
        print_json({"files": result.files, **counts.as_dict(), "findings": findings, "seconds": seconds})
    else:
        _tell_people(result, opened, closed)
    if result.unreadable or counts.outcomes["rejected"]:
        return BAD_INPUT
    return HELD if counts.held else 0


def _tell_people(result: Any, opened: int, closed: int) -> None:
    counts = result.counts
    read = result.files - result.unreadable
    kinds = ", ".join(f"{number} {_several(kind, number)}" for kind, number in counts.records.items() if number)
    click.echo(f"{read} of {result.files} files read" + (f": {kinds or 'no records'}" if read else ""))
    if read:
        outcomes = ", ".join(f"{number} {name}" for name, number in counts.outcomes.items() if number)
        click.echo(f"  {outcomes or 'nothing to do'}; {counts.fixed} fixed by absence")
    if counts.suppressed:
        click.echo(f"  {counts.suppressed} suppressed by the source itself (VEX, ignore file), kept as such")
    if counts.stale:
        click.echo(f"  {counts.stale} older than what is known: they fill in the past, today's state stays")
    if counts.outcomes["rejected"]:
        click.echo("  What was rejected is kept: see `kairan runs`, then `kairan runs --rejects RUN`")
    if counts.held:
        click.echo(f"  {counts.held} closings are held for a person: see `kairan held`")
    click.echo(f"Findings now: {opened} open, {closed} closed")


def _several(kind: str, number: int) -> str:
    return kind if number == 1 else f"{kind.removesuffix('y')}ies" if kind.endswith("y") else f"{kind}s"


@main.command()
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--rejects", "rejects_of", type=int, metavar="RUN", help="What this run rejected, with reasons.")
@as_json
@command
def runs(limit: int, rejects_of: int | None, as_json: bool) -> None:
    """What was read, newest first."""
    from kairan.entrypoints import listings

    with store():
        if rejects_of is not None:
            listings.show_rejects(rejects_of, limit, as_json)
        else:
            listings.show_runs(limit, as_json)


@main.group(invoke_without_command=True)
@as_json
@click.pass_context
def held(ctx: click.Context, as_json: bool) -> None:
    """Closings that wait for a person: list, `close` or `keep` them."""
    if ctx.invoked_subcommand is None:
        _list_held(as_json)


@command
def _list_held(as_json: bool) -> None:
    from kairan.entrypoints import listings

    with store():
        listings.show_held(as_json)


@held.command("close")
@click.argument("number", type=int)
@command
def held_close(number: int) -> None:
    """It is fixed: close what is held under this number."""
    _decide_held(number, close=True)


@held.command("keep")
@click.argument("number", type=int)
@command
def held_keep(number: int) -> None:
    """It is not fixed: keep it open. Asks again only when the set changes."""
    _decide_held(number, close=False)


def _decide_held(number: int, *, close: bool) -> None:
    with store():
        from kairan.services.held import decide

        found = decide(number, close=close, actor=actor(), now=clock.now())
        done = "closed" if close else "kept open"
        click.echo(f"{found.sightings} findings of {found.scope} ({found.kind}) {done}")


@main.group()
def aliases() -> None:
    """Which ids name one vulnerability, and who says so."""


@aliases.command("show")
@click.argument("identifier", metavar="ID")
@as_json
@command
def aliases_show(identifier: str, as_json: bool) -> None:
    """Every assertion about an id, also disputed and withdrawn ones."""
    from kairan.entrypoints import listings

    with store():
        listings.show_aliases(identifier, as_json)


@aliases.command("withdraw")
@click.argument("one", metavar="ID")
@click.argument("other", metavar="ID")
@command
def aliases_withdraw(one: str, other: str) -> None:
    """These two are not one problem. Findings folded because of it come apart again."""
    _withdraw(one, other, back=False)


@aliases.command("restore")
@click.argument("one", metavar="ID")
@click.argument("other", metavar="ID")
@command
def aliases_restore(one: str, other: str) -> None:
    """Take a withdrawal back."""
    _withdraw(one, other, back=True)


def _withdraw(one: str, other: str, *, back: bool) -> None:
    with store():
        from kairan.services.aliases import withdraw

        number = withdraw(one, other, back=back, actor=actor(), now=clock.now())
        click.echo(f"{number} assertions {'restored' if back else 'withdrawn'}")


@main.command("setup-link")
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="Where the pages are.")
@command
def setup_link(url: str) -> None:
    """Print a new link that makes the first administrator, once."""
    with store():
        from kairan.services.accounts import setup_link as make

        token = make(clock.now())
        if token is None:
            raise KairanError("there is an administrator already")
        click.echo(f"{url.rstrip('/')}/setup/{token}/")
