"""Destinations and deliveries: how each does, what became of each message, and what a person can do about it."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Body, Path, Query
from pydantic import ConfigDict, Field

from kairan.domain.errors import OptionError
from kairan.domain.rights import Right
from kairan.interfaces import registry
from kairan.runtime import clock
from kairan.services import configuration, deliver
from kairan.services.actor import Actor
from kairan.store.queries import delivery_list
from kairan.store.queries.delivery_list import Filter
from kairan.web.api import cursors, problems
from kairan.web.api.access import caller_of
from kairan.web.api.fields import Answer, Asked, Instant, Number, Text
from kairan.web.api.operations import Operations
from kairan.web.api.problems import ProblemError

destinations = Operations("deliveries")
operations = Operations("deliveries")
State = Literal["pending", "sending", "sent", "uncertain", "refused", "cancelled"]
_CHANGES = (problems.NOT_FOUND, problems.CONFLICT)


class Destination(Answer):
    """A destination of kairan.yaml, and how it does. The counts stop at 1,000."""

    name: str = Field(examples=["slack"])
    kind: str = Field(examples=["slack"])
    guarantee: str = Field(description="exactly_once or at_least_once.", examples=["exactly_once"])
    paused_at: Instant | None
    paused_by: str
    not_before: Instant | None = Field(description="It asked us to wait, or is down, until then.")
    failing_since: Instant | None
    broken: str = Field(description="Why it fails altogether, until a person mends and tests it.")
    last_error: str
    last_error_at: Instant | None
    last_sent_at: Instant | None
    waiting: int
    uncertain: int
    refused: int


class Destinations(Answer):
    items: Sequence[Destination]


class DeliveryRow(Answer):
    """`root` is the delivery whose message this one edits or answers."""

    id: int
    destination: str
    channel: str
    channel_name: str
    purpose: str = Field(examples=["team_post"])
    case: int | None
    root: int | None
    edits: bool
    state: State
    created_at: Instant
    not_before: Instant
    settled_at: Instant | None
    attempts: int
    error: str
    url: str


class Deliveries(Answer):
    items: Sequence[DeliveryRow]
    next: str | None = Field(description="The cursor of the next page; null on the last.")


class Delivery(DeliveryRow):
    key: str = Field(description="What it tells whom; nothing is told twice.")
    marker: str = Field(description="What the other side keeps of it.")
    payload: Mapping[str, Any] | None = Field(description="What was last sent, in the destination's own shape.")
    receipt: Mapping[str, Any] | None


class DeliveriesAsked(Asked):
    model_config = ConfigDict(extra="forbid")

    destination: Text = Field("", max_length=64)
    state: State | None = None
    case: Number | None = Field(None, description="The number of C-123.")


class Command(Answer):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"do": "pause"}]})

    do: Literal["test", "pause", "resume", "replay"] = Field(
        description="`replay`: send once more what was refused. `test`: send a test message."
    )


class Settlement(Answer):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"do": "again"}]})

    do: Literal["again", "there", "not_there"] = Field(
        description="`again`: send a refused one again. `there`, `not_there`: what became of an uncertain one."
    )


@destinations.get("", right=Right.SEE, answers=Destinations)
def list_destinations(request: HttpRequest) -> Destinations:
    """List destinations"""
    return Destinations(items=_all())


@destinations.post("/{name}", right=Right.MANAGE_DELIVERIES, answers={200: Destination}, wrong=_CHANGES)
def command_destination(request: HttpRequest, name: Path[Text], said: Body[Command]) -> Destination:
    """Test, pause or resume a destination, or replay what it refused"""
    try:
        _COMMANDS[said.do](name, _actor(request), clock.now())
    except OptionError as error:
        raise ProblemError(problems.NOT_FOUND, str(error)) from None
    return next(each for each in _all() if each.name == name)


@operations.get("", right=Right.SEE, answers=Deliveries, wrong=(problems.BAD_CURSOR,))
def list_deliveries(request: HttpRequest, response: HttpResponse, asked: Query[DeliveriesAsked]) -> Deliveries:
    """List deliveries, the newest first"""
    place = cursors.read(asked.cursor, cursors.number)
    chosen = Filter(asked.destination, asked.state or "", asked.case)
    rows, after = delivery_list.page(chosen, size=asked.limit, before=place)
    following = cursors.write(after) if after else None
    cursors.link_next(request, response, following)
    return Deliveries(items=[DeliveryRow.model_validate(each) for each in rows], next=following)


@operations.get("/{number}", right=Right.SEE, answers=Delivery, wrong=(problems.NOT_FOUND,))
def get_delivery(request: HttpRequest, number: Path[Number]) -> Delivery:
    """Show a delivery"""
    return _found(number)


@operations.post("/{number}", right=Right.MANAGE_DELIVERIES, answers={200: Delivery}, wrong=_CHANGES)
def settle_delivery(request: HttpRequest, number: Path[Number], said: Body[Settlement]) -> Delivery:
    """Send a refused delivery again, or say what became of an uncertain one"""
    _found(number)
    if said.do == "again":
        deliver.send_again(number, _actor(request), clock.now())
    else:
        deliver.settle_by_hand(number, _actor(request), clock.now(), there=said.do == "there")
    return _found(number)


_COMMANDS = {"test": deliver.test, "pause": deliver.pause, "resume": deliver.resume, "replay": deliver.replay}


def _all() -> list[Destination]:
    configured = configuration.active().destinations
    kinds = registry.destinations()
    standings = delivery_list.standings(each.name for each in configured)
    return [
        Destination.model_validate(
            {name: getattr(standing, name) for name in Destination.model_fields if hasattr(standing, name)}
            | {"kind": each.kind, "guarantee": kinds[each.kind].guarantee if each.kind in kinds else ""}
        )
        for each, standing in zip(configured, standings, strict=True)
    ]


def _found(number: int) -> Delivery:
    found = delivery_list.find(number)
    if found is None:
        raise ProblemError(problems.NOT_FOUND, f"there is no delivery {number}")
    row = DeliveryRow.model_validate(found.row).model_dump()
    return Delivery(**row, key=found.key, marker=found.marker, payload=found.payload, receipt=found.receipt)


def _actor(request: HttpRequest) -> Actor:
    caller = caller_of(request)
    return Actor(caller.username, caller.person_id, caller.origin)
