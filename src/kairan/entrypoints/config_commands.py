"""The configuration on the command line: look a file through, put it in force, say what that would touch."""

from typing import TYPE_CHECKING, Any

import click

from kairan.domain.errors import KairanError
from kairan.entrypoints.running import BAD_INPUT, as_json, command, store
from kairan.runtime import clock
from kairan.runtime.config_file import find

if TYPE_CHECKING:
    from kairan.services.config_file.checking import Checked

DIFFERENT = 4
on_file = click.argument("file", required=False, metavar="[FILE]")


@click.command("check")
@on_file
@as_json
@command
def check(file: str | None, as_json: bool) -> int:
    """Look kairan.yaml through. Needs no database.

    Names each mistake with its file, line and key, and says what to do.

    Default: ./kairan.yaml, KAIRAN_CONFIG, or the data folder's. Exit codes: 0 sound · 2 there are mistakes.
    """
    from kairan.entrypoints.terminal import print_json
    from kairan.services.config_file.checking import check as look_through

    checked = look_through(find(file), clock.now())
    if as_json:
        print_json({"file": checked.path, "sound": not checked.complaints, "complaints": _said(checked)})
    elif not _complain(checked):
        click.echo(f"{checked.path}: {_what_it_says(checked)}")
    return BAD_INPUT if checked.complaints else 0


@click.group("config")
def config() -> None:
    """The configuration in force, its versions; another one."""


@config.command("apply")
@on_file
@as_json
@command
def apply(file: str | None, as_json: bool) -> int:
    """Put a file in force, for all processes at once. The same file again changes nothing.

    Exit codes: 0 in force · 2 the file has mistakes, and nothing changed.
    """
    from kairan.entrypoints.config_reports import show_report

    checked = _checked(file)
    if checked is None:
        return BAD_INPUT
    with store():
        from kairan.entrypoints.running import actor
        from kairan.entrypoints.terminal import print_json
        from kairan.services import applying
        from kairan.services.actor import Actor

        applied = applying.apply(checked, Actor(actor()), clock.now())
    if as_json:
        print_json({"version": applied.version, "changed": applied.changed, "report": _plain(applied.report)})
    elif not applied.changed:
        click.echo(f"{checked.path} is in force already (version {applied.version}).")
        show_report(applied.report)
    else:
        click.echo(f"{checked.path} is in force: version {applied.version}.")
        show_report(applied.report)
    return 0


@config.command("diff")
@on_file
@as_json
@command
def diff(file: str | None, as_json: bool) -> int:
    """What a file would touch: owners, cases, messages. Writes nothing.

    Exit codes: 0 nothing would change · 2 the file has mistakes · 4 something would change.
    """
    from kairan.entrypoints.config_reports import show_report

    checked = _checked(file)
    if checked is None:
        return BAD_INPUT
    with store():
        from kairan.entrypoints.terminal import print_json
        from kairan.services import applying

        found = applying.diff(checked, clock.now())
    if as_json:
        print_json({"changed": found.changed, "against": found.against, "report": _plain(found.report)})
    elif not found.changed:
        click.echo(f"{checked.path} is in force already (version {found.against}).")
    else:
        click.echo(f"{checked.path} against {_version(found.against)}; nothing was written.")
        show_report(found.report)
    return DIFFERENT if found.changed else 0


@config.command("show")
@click.option("--version", "number", type=int, help="This version, not the one in force.")
@as_json
@command
def show(number: int | None, as_json: bool) -> None:
    """The file that is in force, as it was written.

    With --json, what was understood of it.
    """
    with store():
        from kairan.entrypoints.terminal import print_json
        from kairan.services import configuration
        from kairan.store.connection import raw_cursor
        from kairan.store.queries import config_versions

        wanted = configuration.version() if number is None else number
        if number is not None and config_versions.config(raw_cursor(), number) is None:
            raise KairanError(f"there is no version {number}; see `kairan config versions`")
        if as_json:
            stored = configuration.normalised(configuration.stored(wanted))
            print_json({"version": wanted, "config": _plain(stored)})
            return
        texts = config_versions.files(raw_cursor(), wanted) if wanted else {}
        _show_texts(wanted, texts)


def _show_texts(number: int, texts: dict[str, str]) -> None:
    from kairan.domain.harmless import safe

    if not texts:
        click.echo(f"# {_version(number)}: no file was applied", err=True)
    for name, text in texts.items():
        click.echo(f"# {_version(number)}: {safe(name)}", err=True)
        click.echo("\n".join(safe(line) for line in text.splitlines()))


@config.command("versions")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000))
@as_json
@command
def versions(limit: int, as_json: bool) -> None:
    """What was applied, by whom and when, newest first."""
    with store():
        from kairan.entrypoints.terminal import print_json, print_table
        from kairan.store.connection import raw_cursor
        from kairan.store.queries import config_versions

        found = config_versions.listing(raw_cursor(), limit)
    if as_json:
        keys = ("id", "applied_at", "actor", "report")
        print_json([{("version" if key == "id" else key): getattr(each, key) for key in keys} for each in found])
        return
    if not found:
        click.echo("No configuration was applied yet: Kairan works as with an empty file.")
        return
    rows = [(each.id, f"{each.applied_at:%Y-%m-%d %H:%M} UTC", each.actor, _in_short(each.report)) for each in found]
    print_table(("version", "applied", "by", "owners changed"), rows)


@config.command("schema")
@command
def schema() -> None:
    """The JSON Schema of kairan.yaml, for editors.

    With `# yaml-language-server: $schema=FILE` in its first line, they check and complete the file.
    """
    from kairan.entrypoints.terminal import print_json
    from kairan.services.config_file.schema import schema as made

    print_json(made())


def _checked(file: str | None) -> "Checked | None":
    from kairan.services.config_file.checking import check as look_through

    checked = look_through(find(file), clock.now())
    return None if _complain(checked) else checked


def _complain(checked: "Checked") -> bool:
    from kairan.entrypoints.terminal import complain

    for each in checked.complaints:
        complain(str(each))
    if checked.complaints:
        number = len(checked.complaints)
        complain(f"{number} mistake{'s' if number > 1 else ''}; nothing was changed")
    return bool(checked.complaints)


def _said(checked: "Checked") -> list[dict[str, Any]]:
    return [
        {"file": each.file, "line": each.line, "column": each.column, "key": each.key, "message": each.message}
        for each in checked.complaints
    ]


def _what_it_says(checked: "Checked") -> str:
    from kairan.domain.normalised import normalised

    assert checked.config is not None
    found = normalised(checked.config)
    numbers = (
        (len(found.teams), "team"),
        (len(found.ownership), "ownership rule"),
        (len(found.rules or ()), "rule"),
        (len(found.destinations), "destination"),
        (len(found.sources), "source"),
    )
    return "sound: " + ", ".join(f"{number} {word}{'' if number == 1 else 's'}" for number, word in numbers)


def _version(number: int) -> str:
    return f"version {number}" if number else "an empty configuration"


def _in_short(report: Any) -> str:
    return str(report.get("owners_changed", 0))


def _plain(value: object) -> Any:
    import msgspec

    return msgspec.to_builtins(value)


COMMANDS = (check, config)
