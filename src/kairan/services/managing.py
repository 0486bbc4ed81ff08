"""Use case: what people do about deliveries: test a destination, hold it back, let it go on, send again, settle.

Each needs the right to manage deliveries, asked of the person in the database, and leaves an audit row.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import uuid4

from django.db import transaction

from kairan.domain.config import Channel
from kairan.domain.errors import ForbiddenError, IllegalTransition, OptionError
from kairan.domain.message import Purpose
from kairan.domain.rights import Right
from kairan.services import configuration, may
from kairan.services.actor import Actor
from kairan.services.readers import Directory
from kairan.services.telling import CLICK
from kairan.services.waking import wake
from kairan.store.connection import raw_cursor
from kairan.store.queries import deliveries, outcomes
from kairan.store.queries.audit import add_audit
from kairan.store.queries.deliveries import Cursor, New


def test(name: str, actor: Actor, now: datetime) -> int:
    """Have a test message sent, also to a destination that is paused or broken. Returns the delivery."""
    with _attempt(actor, "destination.test", f"destination {name}", now) as cursor:
        directory = Directory(configuration.active())
        channel = _test_channel(directory, name)
        row = New(
            key=f"test/{name}/{uuid4().hex}",
            destination=name,
            channel=channel.id,
            channel_name=channel.name or channel.id,
            purpose=Purpose.TEST,
            priority=CLICK,
            not_before=now,
            params={"by": actor.name},
        )
        made = deliveries.add(cursor, [row], now)
        outcomes.tested(cursor, name, {}, now)
        wake()
    return made[row.key]


def pause(name: str, actor: Actor, now: datetime) -> None:
    """Hold a destination's deliveries back: they wait, and nothing is lost."""
    with _attempt(actor, "destination.pause", f"destination {name}", now) as cursor:
        _known(name)
        if not outcomes.pause(cursor, name, now, actor.name):
            raise IllegalTransition(f"the destination {name} is paused already")


def resume(name: str, actor: Actor, now: datetime) -> None:
    """Let a destination's deliveries go on, whatever held them: a person, or the destination's own trouble."""
    with _attempt(actor, "destination.resume", f"destination {name}", now) as cursor:
        _known(name)
        if not outcomes.resume(cursor, name):
            raise IllegalTransition(f"nothing holds the destination {name} back")
        wake()


def replay(name: str, actor: Actor, now: datetime) -> int:
    """Send once more what a destination refused. Returns how many."""
    with _attempt(actor, "destination.replay", f"destination {name}", now) as cursor:
        _known(name)
        number = outcomes.send_refused(cursor, now, destination=name)
        wake()
    return number


def send_again(delivery: int, actor: Actor, now: datetime) -> None:
    """Send one refused delivery once more. IllegalTransition for any other."""
    with _attempt(actor, "delivery.replay", f"delivery {delivery}", now) as cursor:
        if not outcomes.send_refused(cursor, now, number=delivery):
            raise IllegalTransition(f"delivery {delivery} was not refused")
        wake()


def settle_by_hand(delivery: int, actor: Actor, now: datetime, *, there: bool) -> None:
    """Somebody looked into the channel: an uncertain delivery is there, or it is not and is sent again."""
    action = "delivery.is_there" if there else "delivery.is_not_there"
    with _attempt(actor, action, f"delivery {delivery}", now) as cursor:
        if not outcomes.decide(cursor, delivery, now, there=there):
            raise IllegalTransition(f"delivery {delivery} is not uncertain")
        wake()


@contextmanager
def _attempt(actor: Actor, action: str, subject: str, now: datetime) -> Iterator[Cursor]:
    """A transaction with its audit row; a refused attempt leaves one too."""
    try:
        may.check(actor, Right.MANAGE_DELIVERIES)
    except ForbiddenError:
        _audit(raw_cursor(), actor, f"{action}.refused", subject, now)
        raise
    with transaction.atomic():
        cursor = raw_cursor()
        yield cursor
        _audit(cursor, actor, action, subject, now)


def _audit(cursor: Cursor, actor: Actor, action: str, subject: str, now: datetime) -> None:
    add_audit(cursor, now, actor.name, action, subject, None, None, person=actor.person, origin=actor.origin)


def _known(name: str) -> None:
    if name not in Directory(configuration.active()).destinations:
        raise OptionError("no_destination", "there is no destination {name!r} in kairan.yaml", name=name)


def _test_channel(directory: Directory, name: str) -> Channel:
    """The PSIRT's channel there; else the first team's."""
    _known(name)
    own = directory.destinations[name].channel
    teams = (team.channels[name] for team in directory.config.teams if name in team.channels)
    channel = own or next(teams, None)
    if channel is None:
        raise OptionError("no_channel", "the destination {name!r} has no channel to send a test to", name=name)
    return channel
