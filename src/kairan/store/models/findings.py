"""Findings and sightings, the two big tables, and what is counted of them.

No foreign keys in the database here: each costs a look-up for every row written, and the rows come from joins with
what they refer to. The invariants of the torture look for rows that lead nowhere (docs/adr/0009)."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from kairan.store.models.assets import Asset, Package
from kairan.store.models.intake import Scope
from kairan.store.models.vulnerabilities import Identifier, Vulnerability


class Finding(models.Model):
    """One vulnerability on one asset and package; one row for ever. Open while one of its sightings is live.

    `F-<id>` outside. `severity` is the worst of its live sightings (of the last ones, when closed). `home` is the
    vulnerability of the id under which it was first met: when ids merge, findings that collide are folded into one,
    and undoing the merge brings each back by its home. `traits` are the words that queries ask for and that its
    sightings say: kind:, source:, fix:known, scope:, namespace:, cluster:.
    """

    vulnerability = models.ForeignKey(
        Vulnerability, models.PROTECT, related_name="findings", db_index=False, db_constraint=False
    )
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="findings", db_constraint=False)
    package = models.ForeignKey(Package, models.PROTECT, null=True, related_name="findings", db_constraint=False)
    location = models.TextField(default="")
    is_open = models.BooleanField()
    severity = models.SmallIntegerField()
    first_seen = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    close_reason = models.TextField(default="")
    home = models.ForeignKey(Vulnerability, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="merged", db_index=False)
    traits = ArrayField(models.TextField(), default=list)

    class Meta:
        db_table = "finding"
        constraints = [
            models.UniqueConstraint(
                "vulnerability",
                "asset",
                "package",
                "location",
                name="finding_once",
                nulls_distinct=False,
                condition=Q(merged_into=None),
            ),
            models.CheckConstraint(
                condition=Q(is_open=True, closed_at=None) | Q(is_open=False), name="finding_open_has_no_end"
            ),
        ]
        indexes = [
            models.Index(
                "severity", "first_seen", "id", name="finding_open_worst", condition=Q(is_open=True, merged_into=None)
            ),
            models.Index(
                "severity",
                "first_seen",
                "id",
                name="finding_closed_worst",
                condition=Q(is_open=False, merged_into=None),
            ),
            models.Index("severity", "first_seen", "id", name="finding_worst"),
            models.Index("first_seen", name="finding_first_seen"),
            models.Index(
                "close_reason", "id", name="finding_close_reason", condition=Q(is_open=False, merged_into=None)
            ),
            models.Index("location", name="finding_path", condition=~Q(location="")),
            models.Index("closed_at", name="finding_closed_at", condition=Q(closed_at__isnull=False)),
            models.Index("merged_into", name="finding_merged_into", condition=Q(merged_into__isnull=False)),
            models.Index("home", name="finding_home", condition=~Q(home=F("vulnerability"))),
            GinIndex("traits", name="finding_traits"),
        ]


class Sighting(models.Model):
    """A source reports a finding, within one scope. Lives while one of its occurrences does.

    `key` is what the source can compute alone (domain.finding.sighting_key). `digest` stands for the meaningful
    fields of all `occurrences`; a snapshot with the same digest writes nothing. `raw` stands for the records' bytes:
    where they are the same they need not even be read; empty where that is not known. `home` is the finding this row
    was first made for, and `identifier` the id as reported: an alias merge can be undone from them. `last_seen` of a
    live sighting is its scope's watermark and not stored.
    """

    scope = models.ForeignKey(Scope, models.PROTECT, related_name="sightings", db_index=False, db_constraint=False)
    key = models.BinaryField()
    finding = models.ForeignKey(Finding, models.PROTECT, related_name="sightings", db_constraint=False)
    identifier = models.ForeignKey(
        Identifier, models.PROTECT, related_name="sightings", db_index=False, db_constraint=False
    )
    digest = models.BinaryField()
    raw = models.BinaryField(default=b"", db_default=b"")
    lead = models.BinaryField()
    severity = models.SmallIntegerField()
    severity_source = models.TextField(default="")
    status = models.TextField(default="")
    installed = models.TextField(default="")
    fixed = models.TextField(default="")
    occurrences = models.JSONField(default=list)
    is_live = models.BooleanField()
    first_seen = models.DateTimeField()
    changed_at = models.DateTimeField()
    last_seen = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.TextField(default="")

    class Meta:
        db_table = "sighting"
        constraints = [
            models.UniqueConstraint("scope", "key", name="sighting_once"),
            models.CheckConstraint(
                condition=Q(is_live=True, ended_at=None, end_reason="") | Q(is_live=False, ended_at__isnull=False),
                name="sighting_ends_with_a_time",
            ),
        ]


class FindingTally(models.Model):
    """How many findings there are, for facets: the counts of a value are the sum of its rows.

    Triggers on `finding` and `owner` (migration 0002) append what a statement changed; nobody updates a row, so imports
    never wait for one another. The schedule folds rows together. `about` says what is counted: findings of an asset or
    a package (`key`), of a source, kind or path (`value`), of a namespace (`value`) that sightings name on an asset
    (`key`); and, as they were when they were routed last, those of a team, and those of an asset that some team owns.
    """

    about = models.TextField()
    key = models.BigIntegerField(default=0)
    value = models.TextField(default="")
    is_open = models.BooleanField()
    unknown = models.IntegerField()
    none = models.IntegerField()
    low = models.IntegerField()
    medium = models.IntegerField()
    high = models.IntegerField()
    critical = models.IntegerField()

    class Meta:
        db_table = "finding_tally"
        indexes = [models.Index("about", name="finding_tally_about")]
