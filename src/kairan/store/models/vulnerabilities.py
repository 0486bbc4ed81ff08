"""Vulnerabilities, the ids that name them, who said so, and what publishers wrote.

A failed control or a found secret is a row of the same table with another `kind`: a finding is a finding.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Lower


class Vulnerability(models.Model):
    """One problem. `primary_id` is the id people look for first. A merged row points to what it became."""

    kind = models.TextField()
    primary_id = models.TextField()
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="merged")
    created_at = models.DateTimeField()

    class Meta:
        db_table = "vulnerability"
        indexes = [models.Index("primary_id", name="vulnerability_primary_id")]


class Identifier(models.Model):
    """One id. `home` is the row made when it was first met: undoing a merge brings it back there."""

    value = models.TextField()
    vulnerability = models.ForeignKey(Vulnerability, models.PROTECT, related_name="identifiers", db_constraint=False)
    home = models.ForeignKey(Vulnerability, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    words = SearchVectorField(null=True)

    class Meta:
        db_table = "identifier"
        constraints = [models.UniqueConstraint("value", name="identifier_once")]
        indexes = [
            models.Index(OpClass(Lower("value"), name="text_pattern_ops"), name="identifier_any_case"),
            GinIndex("words", name="identifier_words"),
        ]


class AliasAssertion(models.Model):
    """ "`left` and `right` are one problem", says `publisher`. Groups are derived from these rows alone."""

    left = models.TextField()
    right = models.TextField()
    publisher = models.TextField()
    asserted_at = models.DateTimeField()
    disputed = models.BooleanField(default=False)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "alias_assertion"
        indexes = [models.Index("right", name="alias_assertion_right")]
        constraints = [models.UniqueConstraint("left", "right", "publisher", name="alias_assertion_once")]


class Advisory(models.Model):
    """One publisher's text. `severity` is a domain Severity; `cvss` a list of domain Cvss; `as_of` of its report.

    `vulnerability_ids` repeats what the links in AdvisoryIdentifier lead to: text search asks for nothing else.
    """

    publisher = models.TextField()
    external_id = models.TextField()
    title = models.TextField(default="")
    description = models.TextField(default="")
    url = models.TextField(default="")
    remediation = models.TextField(default="")
    severity = models.SmallIntegerField(default=0)
    cvss = models.JSONField(default=list)
    cwes = ArrayField(models.TextField(), default=list)
    links = ArrayField(models.TextField(), default=list)
    published_at = models.DateTimeField(null=True)
    modified_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    digest = models.BinaryField()
    as_of = models.DateTimeField()
    words = SearchVectorField(null=True)
    vulnerability_ids = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        db_table = "advisory"
        constraints = [models.UniqueConstraint("publisher", "external_id", name="advisory_once")]
        indexes = [GinIndex("words", name="advisory_words")]


class Epss(models.Model):
    """How probable it is that an id is exploited within 30 days, by FIRST's model; the newest word counts.

    Moves daily, so it is kept here and never at findings. `probability` and `percentile` are within 0 and 1;
    `publisher` handed it on. https://www.first.org/epss/
    """

    identifier = models.OneToOneField(Identifier, models.CASCADE, related_name="epss")
    probability = models.FloatField()
    percentile = models.FloatField(null=True)
    publisher = models.TextField()
    as_of = models.DateTimeField()

    class Meta:
        db_table = "epss"


class AdvisoryIdentifier(models.Model):
    """The advisory speaks of this id. By id, not by vulnerability: merges rewrite nothing here."""

    advisory = models.ForeignKey(Advisory, models.CASCADE, related_name="about", db_index=False, db_constraint=False)
    identifier = models.ForeignKey(Identifier, models.PROTECT, related_name="advisories", db_constraint=False)

    class Meta:
        db_table = "advisory_identifier"
        constraints = [models.UniqueConstraint("advisory", "identifier", name="advisory_identifier_once")]
