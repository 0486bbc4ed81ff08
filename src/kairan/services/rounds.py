"""Use case: a round of alerts starts because somebody posted what starts it (mission D5): a scheduled Slack Workflow.

Who posted, and where, is compared with the configuration, each as the destination attests it; a post of anybody else,
or in another channel, is nothing to us.
"""

from datetime import datetime

import structlog
from django.db import transaction

from kairan.domain.config import Destination
from kairan.domain.message import Action
from kairan.services import configuration
from kairan.services.telling import ROUND
from kairan.services.waking import wake
from kairan.store.connection import raw_cursor
from kairan.store.queries import deliveries
from kairan.store.queries.audit import add_audit

POST = "post"  # the action's code
log = structlog.get_logger("kairan.rounds")


def is_start(name: str, action: Action) -> bool:
    """Does this post start rounds of the destination, as it is configured now?"""
    destination = _configured(name)
    post = destination.start.post if destination and destination.start else None
    if destination is None or post is None:
        return False
    channel, by = post.channel or destination.channel, action.values.get("by")
    return (
        channel is not None
        and action.channel == channel.id
        and isinstance(by, list)
        and post.by in by
        and post.text in str(action.values.get("text", ""))
    )


def start(name: str, action: Action, now: datetime) -> int:
    """What waits for a round is told now. Returns how many posts."""
    if not is_start(name, action):  # the configuration changed meanwhile
        return 0
    with transaction.atomic():
        cursor = raw_cursor()
        number = deliveries.start_round(cursor, name, ROUND, now)
        after = {"posts": number, "channel": action.channel, "message": action.message}
        add_audit(cursor, now, "Kairan", "round.start", f"destination {name}", None, after, origin=f"post in {name}")
        wake()
    log.info("a post started a round", destination=name, posts=number)
    return number


def _configured(name: str) -> Destination | None:
    return next((each for each in configuration.active().destinations if each.name == name), None)
