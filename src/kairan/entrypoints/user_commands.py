"""Commands about people: who may log in, and as what. Also the way back in when nobody can."""

import getpass
import os
from typing import TYPE_CHECKING, Any

import click

from kairan.domain.rights import Role
from kairan.entrypoints.running import as_json, command, store
from kairan.runtime import clock

if TYPE_CHECKING:
    from kairan.services.actor import Actor
    from kairan.services.people import Invitation

roles = click.Choice([role.value for role in Role])
login_name = click.argument("username", metavar="NAME")
on_url = click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="Where the pages are.")


@click.group("user")
def user() -> None:
    """People who may log in: list, add, change, disable."""


@user.command("list")
@as_json
@command
def list_command(as_json: bool) -> None:
    """Everyone, with role and state. Active, invited (no password yet), disabled; and until when locked out."""
    from kairan.entrypoints.terminal import print_json, print_table

    with store():
        people = _everyone()
        if as_json:
            print_json(people)
        elif not people:
            click.echo("Nobody yet. `kairan setup-link` prints the link that makes the first administrator.")
        else:
            columns = ("username", "name", "role", "state", "last_login", "locked_until")
            titles = ("name", "called", "role", "state", "last login", "locked until")
            print_table(titles, ([_cell(each[column]) for column in columns] for each in people))


@user.command("add")
@login_name
@click.option("--role", type=roles, default=Role.VIEWER.value, show_default=True, help="What they may do.")
@click.option("--name", default="", help="How their colleagues know them.")
@click.option("--email", default="", help="Where they are reached.")
@on_url
@as_json
@command
def add_command(username: str, role: str, name: str, email: str, url: str, as_json: bool) -> None:
    """Let someone in: prints a link by which they set their password. It works once, for 7 days."""
    with store():
        from kairan.services import people

        made = people.add(username, name=name, email=email, role=Role(role), by=_actor(), now=clock.now())
        _tell_link(made, url, as_json)


@user.command("role")
@login_name
@click.argument("role", type=roles)
@as_json
@command
def role_command(username: str, role: str, as_json: bool) -> None:
    """Make them viewer, member, triager, approver or administrator. It counts from their next request."""
    with store():
        from kairan.services import people

        people.change_role(people.number_of(username), Role(role), by=_actor(), now=clock.now())
        _tell(username, as_json)


@user.command("disable")
@login_name
@as_json
@command
def disable_command(username: str, as_json: bool) -> None:
    """Keep them out, at once. Sessions, tokens and links of theirs no longer work. What they did stays."""
    with store():
        from kairan.services import people

        people.disable(people.number_of(username), by=_actor(), now=clock.now())
        _tell(username, as_json)


@user.command("enable")
@login_name
@as_json
@command
def enable_command(username: str, as_json: bool) -> None:
    """Let them in again, with the password and role they had."""
    with store():
        from kairan.services import people

        people.enable(people.number_of(username), by=_actor(), now=clock.now())
        _tell(username, as_json)


@user.command("reset")
@login_name
@on_url
@as_json
@command
def reset_command(username: str, url: str, as_json: bool) -> None:
    """Forget their password, end their sessions, print a new link."""
    with store():
        from kairan.services import people

        _tell_link(people.reset(people.number_of(username), by=_actor(), now=clock.now()), url, as_json)


@user.command("unlock")
@login_name
@as_json
@command
def unlock_command(username: str, as_json: bool) -> None:
    """Let them try again at once after too many wrong passwords."""
    with store():
        from kairan.services import people

        people.unlock(people.number_of(username), by=_actor(), now=clock.now())
        _tell(username, as_json)


def _everyone() -> list[dict[str, Any]]:
    from kairan.services.lockout import locked_until
    from kairan.store.queries import people

    everyone = people.everyone()
    locked = locked_until([each.username for each in everyone], clock.now())
    return [
        {
            "username": each.username,
            "name": each.name,
            "email": each.email,
            "role": each.role,
            "state": each.state,
            "created_at": each.created_at,
            "last_login": each.last_login,
            "locked_until": locked.get(each.username),
            "link_until": each.link_until,
        }
        for each in everyone
    ]


def _tell(username: str, as_json: bool) -> None:
    """What they are now."""
    from kairan.domain.harmless import safe
    from kairan.entrypoints.terminal import print_json
    from kairan.services.names import spelled

    [now] = [each for each in _everyone() if each["username"].casefold() == spelled(username).casefold()]
    if as_json:
        print_json(now)
    else:
        click.echo(safe(f"{now['username']}: {now['role']}, {now['state']}"))


def _tell_link(made: "Invitation", url: str, as_json: bool) -> None:
    from kairan.domain.harmless import safe
    from kairan.entrypoints.terminal import print_json

    link = f"{url.rstrip('/')}/setup/{made.token}/"
    if as_json:
        print_json({"username": made.username, "link": link, "expires_at": made.expires_at})
    else:
        click.echo(
            safe(f"Hand this link to {made.username}; it works once, until {made.expires_at:%Y-%m-%d %H:%M} UTC:")
        )
        click.echo(f"  {link}")


def _cell(value: object) -> str:
    return f"{value:%Y-%m-%d %H:%M}" if hasattr(value, "strftime") else str(value or "-")


def _actor() -> "Actor":
    from kairan.services.actor import Actor

    try:
        return Actor(getpass.getuser())
    except (KeyError, OSError):
        return Actor(f"uid {os.getuid()}")


COMMANDS = (user,)
