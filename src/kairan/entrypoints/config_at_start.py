"""`kairan up` and the configuration's file: what lies beside it is put in force, if it changed."""

import click

from kairan.domain.harmless import safe
from kairan.runtime import clock
from kairan.runtime.config_file import find_any


def apply_file(*, wants_demo: bool | None) -> bool:
    """Put the file that is found in force. Is there one, so that this is meant for real and no demo is made?

    A file with mistakes stops nothing: they are told, and what was in force stays.
    """
    from kairan.store.queries import demo

    path = None if wants_demo else find_any()
    if path is None:
        return False
    if demo.find() is not None:
        click.echo(
            f"{path} is not put in force: this data folder holds the demo, which has a configuration of its own."
        )
        return False
    from kairan.services import applying, configuration
    from kairan.services.actor import Actor

    checked = configuration.check(path)
    for each in checked.complaints:
        click.echo(safe(f"  {each}"))
    number = configuration.version()
    if checked.complaints:
        kept = f"version {number} stays in force" if number else "it is as if there were none"
        click.echo(f"{path} has mistakes: {kept}. Mend it, then: kairan config apply {path}")
        return True
    applied = applying.apply(checked, Actor("kairan up"), clock.now())
    if applied.changed:
        click.echo(f"{path} is in force: version {applied.version}.")
    return True
