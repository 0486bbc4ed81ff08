"""Secrets by reference: `kairan.yaml` names where one lies, and it is read when it is needed."""

import os
from pathlib import Path

from kairan.domain.errors import ConfigError

_LATER = ("aws-ssm:", "aws-secretsmanager:", "azure-keyvault:")


def secret(reference: str) -> str:
    """The value behind `env:NAME` or `file:PATH`. ConfigError says what is missing, never a value."""
    kind, _, name = reference.partition(":")
    if kind == "env":
        value = os.environ.get(name, "")
        if not value:
            raise ConfigError(f"the environment variable {name} is not set; it should hold a secret")
        return value
    if kind == "file":
        try:
            return Path(name).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"the secret's file {name} cannot be read: {type(error).__name__}") from None
    if reference.startswith(_LATER):
        raise ConfigError(f"references of the kind {kind}: cannot be read yet; use env:NAME or file:PATH")
    raise ConfigError("a secret has to be a reference: env:NAME or file:PATH")
