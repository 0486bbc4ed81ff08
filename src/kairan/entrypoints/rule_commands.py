"""Commands about rules: list them, try one on what happened, and how many messages they led to."""

from pathlib import Path

import click

from kairan.entrypoints.running import as_json, command, store
from kairan.runtime import clock

MOST_DAYS = 3_660
on_file = click.option(
    "--config",
    "file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="A kairan.yaml that need not be applied yet. Default: what is in force.",
)
in_days = click.option(
    "--days", default=90, show_default=True, type=click.IntRange(1, MOST_DAYS), help="How far back to look."
)


@click.group(invoke_without_command=True)
@on_file
@as_json
@click.pass_context
def rules(ctx: click.Context, file: Path | None, as_json: bool) -> None:
    """What opens cases and whom it tells: list, `try` one."""
    if ctx.invoked_subcommand is None:
        _list(file, as_json)


@command
def _list(file: Path | None, as_json: bool) -> None:
    with store():
        from kairan.entrypoints import ruling

        ruling.show(file, as_json)


@rules.command("try")
@click.argument("name", metavar="RULE")
@in_days
@on_file
@as_json
@command
def try_rule(name: str, days: int, file: Path | None, as_json: bool) -> None:
    """Replay what happened to findings through one rule, and tell nobody.

    How many cases it would have opened, reopened and closed, and how many messages each channel would have got, beside
    one message for each finding. Findings are taken as they are today, and owners as they are assigned today; what
    people decide is not foreseen.
    """
    with store():
        from kairan.entrypoints import ruling

        ruling.try_one(name, days, file, as_json)


@click.command()
@in_days
@as_json
@command
def messages(days: int, as_json: bool) -> None:
    """Messages per channel and day, beside one for each finding."""
    with store():
        from kairan.entrypoints import ruling

        ruling.show_messages(days, clock.now(), as_json)


COMMANDS = (rules, messages)
