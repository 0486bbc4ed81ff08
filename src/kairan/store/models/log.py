"""Append-only: what happened to findings, and what people changed."""

from django.db import models

from kairan.store.models.findings import Finding
from kairan.store.models.intake import Run


class Event(models.Model):
    """Something that happened to a finding. `code` and `params`, rendered in the reader's language, never text.

    `at` is when it happened in the world (the snapshot's `as_of`), `recorded_at` when Kairan learned it.
    """

    finding = models.ForeignKey(Finding, models.CASCADE, related_name="events", db_constraint=False)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, db_constraint=False)
    code = models.TextField()
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    params = models.JSONField(default=dict)

    class Meta:
        db_table = "event"


class Audit(models.Model):
    """Who changed what, before and after, from where."""

    at = models.DateTimeField()
    person = models.ForeignKey("kairan.Person", models.SET_NULL, null=True)
    actor = models.TextField()
    action = models.TextField()
    subject = models.TextField()
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    origin = models.TextField(default="")

    class Meta:
        db_table = "audit"
        indexes = [models.Index("at", "id", name="audit_time")]
