"""What was read: sources, scopes with watermarks, runs, snapshots, rejects, held closings."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class Source(models.Model):
    """One configured source, or the place of a kind's report files. `baseline_at`: its silent baseline is done."""

    kind = models.TextField()
    name = models.TextField(unique=True)
    created_at = models.DateTimeField()
    baseline_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "source"


class Scope(models.Model):
    """What a snapshot is complete for. `watermark` is the `as_of` of the newest snapshot applied."""

    source = models.ForeignKey(Source, models.PROTECT, related_name="scopes")
    key = models.TextField()
    kind = models.TextField()
    title = models.TextField()
    absence = models.TextField()
    watermark = models.DateTimeField(null=True)
    version = models.TextField(default="")

    class Meta:
        db_table = "scope"
        constraints = [models.UniqueConstraint("source", "key", "kind", name="scope_once")]


class Upload(models.Model):
    """A document handed in by page or API, waiting for the worker: `stored` is its key in the object storage.

    `state` is waiting, reading, done or failed; `read` of `total` records are through (0: not known yet); `counts`
    what the import said, `error` why it failed. Its runs bear its id.
    """

    person = models.ForeignKey("kairan.Person", models.SET_NULL, null=True, related_name="uploads")
    name = models.TextField()
    size = models.BigIntegerField()
    stored = models.TextField()
    options = models.JSONField(default=dict)
    state = models.TextField(default="waiting")
    read = models.IntegerField(default=0)
    total = models.IntegerField(default=0)
    counts = models.JSONField(default=dict)
    error = models.TextField(default="")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "upload"
        indexes = [
            models.Index("created_at", "id", name="upload_created"),
            models.Index("id", name="upload_unfinished", condition=Q(finished_at=None)),
        ]


class Run(models.Model):
    """One reading of one report. `counts` is what the import said; `archived` the raw answer's key in the archive."""

    source = models.ForeignKey(Source, models.PROTECT, null=True, related_name="runs")
    upload = models.ForeignKey(Upload, models.SET_NULL, null=True, related_name="runs")
    trigger = models.TextField()
    name = models.TextField()
    part = models.IntegerField(default=0)
    title = models.TextField(default="")
    state = models.TextField()
    as_of = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    parser_version = models.IntegerField(default=0)
    content = models.BinaryField(null=True)
    options = models.JSONField(default=dict)
    archived = models.TextField(default="")
    counts = models.JSONField(default=dict)
    is_stale = models.BooleanField(default=False)
    error = models.TextField(default="")

    class Meta:
        db_table = "run"
        indexes = [
            models.Index("content", name="run_content"),
            models.Index("archived", name="run_archived"),
            models.Index("started_at", "id", name="run_started"),
        ]


class Snapshot(models.Model):
    """A run spoke of a scope at an instant. Late reports find here what came after them."""

    scope = models.ForeignKey(Scope, models.PROTECT, related_name="snapshots", db_index=False)
    run = models.ForeignKey(Run, models.CASCADE, related_name="snapshots")
    as_of = models.DateTimeField()
    complete = models.BooleanField()
    version = models.TextField(default="")

    class Meta:
        db_table = "snapshot"
        indexes = [models.Index("scope", "as_of", name="snapshot_scope_time")]


class Reject(models.Model):
    """A record that could not be used, kept. `raw` holds no secret's value."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="rejects")
    position = models.TextField()
    kind = models.TextField()
    reason = models.TextField()
    raw = models.TextField(default="")

    class Meta:
        db_table = "reject"


class HeldClosing(models.Model):
    """Closings that wait for a person. `fingerprint` is the set's: "keep open" is remembered until it changes."""

    scope = models.ForeignKey(Scope, models.PROTECT, related_name="held")
    run = models.ForeignKey(Run, models.PROTECT, related_name="held")
    as_of = models.DateTimeField()
    reason = models.TextField()
    sightings = ArrayField(models.BigIntegerField())
    fingerprint = models.BinaryField()
    state = models.TextField(default="waiting")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey("kairan.Person", models.SET_NULL, null=True)

    class Meta:
        db_table = "held_closing"
        constraints = [
            models.UniqueConstraint("scope", name="held_closing_one_waiting", condition=Q(state="waiting")),
        ]
