"""What the file says of integrations: the kind exists, takes these settings, and holds no secret in plain text."""

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from kairan.domain.config import Config
from kairan.domain.errors import ConfigError
from kairan.interfaces import registry
from kairan.services.config_file.reading import Reading

REFERENCES = ("env:", "file:", "aws-ssm:", "aws-secretsmanager:", "azure-keyvault:")
_SECRET_KEY = re.compile(r"(^|_)(token|secret|password|passphrase|private_key|api_key|apikey|credentials?)$", re.I)
_SECRET = re.compile(
    r"xox[a-z]-[0-9A-Za-z-]{8}|xapp-[0-9]-|gh[pousr]_[0-9A-Za-z]{16}|github_pat_|AKIA[0-9A-Z]{12}|-----BEGIN "
    r"|hooks\.slack\.com/(services|workflows)/|glpat-|ntn_[0-9A-Za-z]{16}|secret_[0-9A-Za-z]{24}|ATATT3x"
)
_TODO = "put it elsewhere and write a reference: env:NAME, file:PATH, aws-ssm:/path, aws-secretsmanager:name#key"


def check(config: Config, reading: Reading) -> None:
    """Complain about integrations that are not there, and about settings they do not take."""
    for at, each in enumerate(config.destinations):
        path = f"destinations[{at}]"
        if _kind(reading, "destination", each.kind, registry.destinations(), path) and not _secrets(
            reading, each.settings, f"{path}.settings"
        ):
            _settings(reading, registry.destinations()[each.kind].check_settings, each.settings, f"{path}.settings")
    for at, source in enumerate(config.sources):
        _kind(reading, "source", source.kind, registry.sources(), f"sources[{at}]")
        _secrets(reading, source.settings, f"sources[{at}].settings")


def plain_secret(text: str) -> int:
    """The line of the first text that looks like somebody's real token, wherever it stands; 0 where none does."""
    found = _SECRET.search(text)
    return text.count("\n", 0, found.start()) + 1 if found else 0


def _kind(reading: Reading, what: str, kind: str, known: Mapping[str, Any], path: str) -> bool:
    if kind in known:
        return True
    near = difflib.get_close_matches(kind.lower(), known, n=1, cutoff=0.5)
    hint = f"{near[0]!r}?" if near else f"there are: {', '.join(sorted(known)) or 'none'}"
    reading.complain_of(f"{path}.kind", f"there is no {what} of the kind {kind[:60]!r}; {hint}")
    return False


def _settings(reading: Reading, take: Any, settings: Mapping[str, object], path: str) -> None:
    try:
        take(settings)
    except ConfigError as error:
        reading.complain_of(path, str(error))


def _secrets(reading: Reading, settings: Mapping[str, object], path: str) -> bool:
    """Did one hold a secret itself, where a reference belongs? What it is, is not repeated."""
    found = False
    for key, where, value in _texts(settings, path):
        if _SECRET_KEY.search(key) and value and not value.startswith(REFERENCES):
            reading.complain_of(where, f"a secret never stands in this file: {_TODO}")
            found = True
    return found


def _texts(value: object, path: str, key: str = "") -> Iterator[tuple[str, str, str]]:
    match value:
        case Mapping():
            for name, inner in value.items():
                yield from _texts(inner, f"{path}.{name}", str(name))
        case list():
            for at, inner in enumerate(value):
                yield from _texts(inner, f"{path}[{at}]", key)
        case None:
            return
        case _:
            yield key, path, str(value)
