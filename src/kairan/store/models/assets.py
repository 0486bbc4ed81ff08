"""Assets with their names, and packages."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class Asset(models.Model):
    """Something a company runs: an image, a repository, a host (group), a workload, a cloud resource.

    `external_id` is stable within `kind`; a rename keeps the row. `attributes` hold what ownership asks for
    (namespace, account, tags).
    """

    kind = models.TextField()
    external_id = models.TextField()
    name = models.TextField()
    attributes = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "asset"
        constraints = [models.UniqueConstraint("kind", "external_id", name="asset_once")]


class AssetName(models.Model):
    """One name of an asset. Several assets may bear one name; a source's stable id decides, not the name."""

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="names")
    value = models.TextField()
    words = SearchVectorField(null=True)

    class Meta:
        db_table = "asset_name"
        indexes = [models.Index("value", name="asset_name_value"), GinIndex("words", name="asset_name_words")]
        constraints = [models.UniqueConstraint("asset", "value", name="asset_name_once")]


class Package(models.Model):
    """A package without version; `key` is its purl without version and qualifiers."""

    key = models.TextField()
    ecosystem = models.TextField()
    name = models.TextField()
    words = SearchVectorField(null=True)

    class Meta:
        db_table = "package"
        constraints = [models.UniqueConstraint("key", name="package_once")]
        indexes = [models.Index("name", name="package_name"), GinIndex("words", name="package_words")]


class Trait(models.Model):
    """A word that some finding's `traits` hold: what `source:` or `namespace:` with a wildcard may mean."""

    value = models.TextField()

    class Meta:
        db_table = "trait"
        constraints = [models.UniqueConstraint("value", name="trait_once")]
