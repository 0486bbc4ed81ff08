"""The settings of a destination of kind slack, in `kairan.yaml`. README.md tells what each is for."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from kairan.domain.errors import ConfigError

BASE_URL = "https://slack.com/api/"
TIMEOUT = 15.0
_SECRETS = ("bot_token", "app_token", "signing_secret")
_REFERENCES = ("env:", "file:", "aws-ssm:", "aws-secretsmanager:", "azure-keyvault:")
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Secrets are references. `app_token` switches Socket Mode on, `signing_secret` requests over HTTP."""

    bot_token: str = ""
    app_token: str = ""
    signing_secret: str = ""
    base_url: str = BASE_URL
    timeout: float = TIMEOUT  # seconds that one call may take
    rate: float | None = None  # seconds between two messages into one channel


def checked(settings: Mapping[str, object]) -> Settings:
    """The settings with defaults. ConfigError names the key that is wrong and what to do; never a secret's value."""
    for name in _SECRETS:
        _check_reference(name, settings.get(name, ""))
    try:
        found = msgspec.convert(dict(settings), Settings)
    except msgspec.ValidationError as error:
        known = ", ".join(Settings.__struct_fields__)
        raise ConfigError(f"the settings of a Slack destination: {error}; there are: {known}") from None
    if not found.bot_token:
        raise ConfigError("bot_token is missing: write a reference to it, like env:SLACK_BOT_TOKEN")
    if not 1 <= found.timeout <= 120:
        raise ConfigError("timeout has to be between 1 and 120 seconds")
    if found.rate is not None and not 0 <= found.rate <= 3_600:
        raise ConfigError("rate has to be between 0 and 3600 seconds")
    return msgspec.structs.replace(found, base_url=_address(found.base_url))


def _check_reference(name: str, value: object) -> None:
    """A token that was pasted in is refused, and not repeated."""
    if not isinstance(value, str):
        raise ConfigError(f"{name} has to be a reference: env:NAME or file:PATH")
    if value and not value.startswith(_REFERENCES):
        raise ConfigError(
            f"{name} holds a value where a reference belongs: write env:NAME or file:PATH, and put the value there;"
            " if it was a real token, revoke it"
        )


def _address(url: str) -> str:
    """It ends in a slash. Tokens go over TLS, or stay on this machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ConfigError(f"base_url has to begin with https://, not {url!r}: a token goes there")
    return url if url.endswith("/") else f"{url}/"
