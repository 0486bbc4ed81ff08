"""Django's face of `services.accounts.authenticate`."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest
from django.utils import timezone

from kairan.services import accounts
from kairan.store.models import Person
from kairan.web.address import address_of


class PasswordBackend(BaseBackend):
    """Name and password. Rights come from domain.rights, so Django's permissions stay unused."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> Person | None:
        if username is None or password is None:
            return None
        return accounts.authenticate(username, password, timezone.now(), address=address_of(request) if request else "")

    def get_user(self, user_id: int) -> Person | None:
        return Person.objects.filter(pk=user_id, is_active=True).first()
