"""The one Django app with tables."""

from django.apps import AppConfig


class StoreConfig(AppConfig):
    name = "kairan.store"
    label = "kairan"
    default_auto_field = "django.db.models.BigAutoField"
