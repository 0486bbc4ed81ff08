"""What is due when: rows are the truth, jobs are wake-ups."""

from django.db import models


class Schedule(models.Model):
    """A recurring task. `every` in seconds; a firing missed while Kairan was down is caught up once."""

    name = models.TextField(unique=True)
    task = models.TextField()
    every = models.IntegerField()
    params = models.JSONField(default=dict)
    next_at = models.DateTimeField(db_index=True)
    last_at = models.DateTimeField(null=True)
    last_error = models.TextField(default="")

    class Meta:
        db_table = "schedule"
