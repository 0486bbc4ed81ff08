"""Pages and JSON API: they read through store.queries and command through services."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "kairan.web"
    label = "kairan_web"
