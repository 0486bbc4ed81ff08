"""A script that talks to the API with a token, as `curl` would."""

import json
from datetime import UTC, datetime
from typing import Any

from django.test import Client

from kairan.services import tokens

V1 = "/api/v1"


class Script:
    """Sends requests with a token (None: without). Paths are below `/api/v1`."""

    def __init__(self, token: str | None = None) -> None:
        self.client = Client(raise_request_exception=False, enforce_csrf_checks=True)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **query: object) -> Any:
        return self.client.get(V1 + path, query, headers=self.headers)

    def post(self, path: str, said: object) -> Any:
        return self.client.post(V1 + path, json.dumps(said), content_type="application/json", headers=self.headers)

    def send(self, method: str, path: str, data: bytes = b"", media: str = "application/json", **headers: str) -> Any:
        return self.client.generic(method, V1 + path, data, content_type=media, headers=self.headers | headers)


def script_of(person: Any, scope: str = "write") -> Script:
    """A script that has a new token of this person."""
    return Script(tokens.create(person.pk, "a script", scope, None, datetime.now(UTC), "test")[0])
