"""The Bolt app of a configured Slack destination. https://docs.slack.dev/tools/bolt-python

Every listener hands what came in to services.hearing and acknowledges after that: what was not taken in is not
acknowledged, so Slack tells the person, or sends it again.
"""

import logging
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from django.db import close_old_connections, connections
from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse

from kairan.runtime import clock
from kairan.services import hearing

ANY = re.compile("")
Body = Mapping[str, Any]
Ack = Callable[..., Any]


def app_of(name: str, signing_secret: str = "") -> App:
    """`signing_secret`: of requests over HTTP; those of Socket Mode have no signature."""
    app = App(
        name="kairan",
        signing_secret=signing_secret or secrets.token_hex(),
        authorize=_taken_in,
        logger=logging.getLogger("kairan.slack"),
    )
    app.action(ANY)(_heard(name))
    app.view(ANY)(_heard(name))
    app.view_closed(ANY)(_ignored)
    app.shortcut(ANY)(_heard(name))
    app.command(ANY)(_heard(name))
    app.middleware(_event_heard(name))
    return app


def _event_heard(name: str) -> Callable[..., BoltResponse]:
    """Bolt acknowledges events before their listeners run: what a listener could not keep would be lost."""

    def listen(body: Body, next: Callable[[], BoltResponse]) -> BoltResponse:  # noqa: A002 - Bolt's name for it
        if body.get("type") != "event_callback":
            return next()
        _hear(name, body)
        return BoltResponse(status=200, body="", headers={"X-Slack-No-Retry": "1"})

    return listen


def _heard(name: str) -> Callable[[Ack, Body], None]:
    def listen(ack: Ack, body: Body) -> None:
        said = _hear(name, body)
        ack(**said) if said else ack()

    return listen


def _hear(name: str, body: Body) -> Body:
    close_old_connections()
    try:
        return hearing.hear(name, body, clock.now)
    finally:
        connections.close_all()  # Bolt's threads come and go


def _taken_in(team_id: str | None = None, enterprise_id: str | None = None) -> AuthorizeResult:
    """Bolt's own way asks Slack (auth.test) who we are, and when that fails it acknowledges and drops what was pressed.

    Nothing here calls Slack with Bolt's token, and who may do what is asked later, of the person.
    """
    return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token="not used")  # noqa: S106


def _ignored(ack: Ack) -> None:
    ack()
