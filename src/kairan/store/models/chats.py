"""What came in from the chats: each thing once, and the messages that people opened cases from."""

from django.db import models

from kairan.store.models.people import Person
from kairan.store.models.vulnerabilities import Vulnerability


class Heard(models.Model):
    """Something that a destination said to us (a press, a form, an event), by the key that it gave it: said again, it
    is not done again.

    `answer` is what a form that was sent is acknowledged with; None: nothing yet. Kept for some days.
    """

    destination = models.TextField()
    key = models.TextField()
    at = models.DateTimeField()
    answer = models.JSONField(null=True)

    class Meta:
        db_table = "heard"
        constraints = [models.UniqueConstraint("destination", "key", name="heard_once")]
        indexes = [models.Index("at", name="heard_time")]


class Raised(models.Model):
    """A person asked for a case of a vulnerability, from a message: `is:raised` finds its findings.

    `url` is the message's permalink, `place` what people call where it stands.
    """

    vulnerability = models.ForeignKey(Vulnerability, models.CASCADE, related_name="raised", db_index=False)
    url = models.TextField()
    place = models.TextField(default="")
    person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+", db_index=False)
    actor = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "raised"
        constraints = [models.UniqueConstraint("vulnerability", "url", name="raised_once")]
