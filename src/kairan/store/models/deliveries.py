"""Deliveries: what is told to whom, each exactly once. The row exists before anything is sent (semantics 5)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from kairan.store.models.cases import Case, CasePart
from kairan.store.models.people import Team


class Delivery(models.Model):
    """One message or ticket on its way to a destination's channel, or an edit of one that is there.

    `key` says what it tells whom, and is unique: nothing is told twice. `purpose` is domain.message.Purpose; what it
    says is composed when it is sent, from the case as it then is and `params`. `root` is the delivery whose message
    this one edits (`edits`) or replies to. `after` must be settled (sent, refused or cancelled) first. `marker` stays
    with the other side and finds the message again.

    `state`: pending -> sending (committed before the call) -> sent | uncertain | refused; temporary failures go back
    to pending with a `not_before`; cancelled where it is overtaken before it was sent. `uncertain_until` is when the
    destination may be asked what became of it. `receipt` is what the other side gave (message id, link); `payload`
    what was last sent.
    """

    key = models.TextField(unique=True)
    destination = models.TextField()
    channel = models.TextField()
    channel_name = models.TextField(default="")
    purpose = models.TextField()
    case = models.ForeignKey(Case, models.SET_NULL, null=True, related_name="deliveries")
    part = models.ForeignKey(CasePart, models.SET_NULL, null=True, related_name="+", db_index=False)
    team = models.ForeignKey(Team, models.SET_NULL, null=True, related_name="+", db_index=False)
    root = models.ForeignKey("self", models.SET_NULL, null=True, related_name="below")
    edits = models.BooleanField(default=False)
    after = ArrayField(models.BigIntegerField(), default=list)
    params = models.JSONField(default=dict)
    marker = models.UUIDField(unique=True)
    priority = models.SmallIntegerField()
    state = models.TextField()
    created_at = models.DateTimeField()
    not_before = models.DateTimeField()
    attempts = models.IntegerField(default=0)
    sending_since = models.DateTimeField(null=True)
    uncertain_until = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    error = models.TextField(default="")
    receipt = models.JSONField(null=True)
    payload = models.JSONField(null=True)

    class Meta:
        db_table = "delivery"
        indexes = [
            models.Index(
                "destination",
                "channel",
                "priority",
                "not_before",
                "id",
                name="delivery_waiting",
                condition=Q(state="pending"),
            ),
            models.Index("state", "id", name="delivery_unsettled", condition=Q(state__in=("sending", "uncertain"))),
            models.Index("destination", "channel", "created_at", name="delivery_channel"),
            models.Index("created_at", "id", name="delivery_time"),
        ]


class DestinationState(models.Model):
    """How a configured destination does: what pages show, and what all workers obey.

    `not_before`: it asked us to wait (Retry-After of the whole workspace, or it is down). `failures` in a row since
    `failing_since`; a permanent failure of the destination itself (token revoked) sets `broken`: its deliveries wait
    until a person tests it.
    """

    name = models.TextField(unique=True)
    paused_at = models.DateTimeField(null=True)
    paused_by = models.TextField(default="")
    not_before = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    broken = models.TextField(default="")
    last_error = models.TextField(default="")
    last_error_at = models.DateTimeField(null=True)
    last_sent_at = models.DateTimeField(null=True)
    tested_at = models.DateTimeField(null=True)
    test_result = models.JSONField(null=True)

    class Meta:
        db_table = "destination_state"


class Lane(models.Model):
    """A channel of a destination: one message at a time, in order, at its pace. The row is the lock."""

    destination = models.TextField()
    channel = models.TextField()
    next_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "lane"
        constraints = [models.UniqueConstraint("destination", "channel", name="lane_once")]
