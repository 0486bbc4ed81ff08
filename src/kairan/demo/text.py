"""Small things that all formats share: instants, digests, names of packages."""

import hashlib
from datetime import datetime
from urllib.parse import quote

from kairan.demo.flaws import Flaw

_PURL_TYPES = {"pip": "pypi", "go": "golang"}


def instant(at: datetime) -> str:
    """RFC 3339 with microseconds: two reports of one moment keep their order."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def sha256(*words: object) -> str:
    return hashlib.sha256("/".join(map(str, words)).encode()).hexdigest()


def language_purl(flaw: Flaw) -> str:
    """The package URL of a language's package, with the version that is installed."""
    kind = _PURL_TYPES.get(flaw.ecosystem, flaw.ecosystem)
    name = flaw.package.replace(":", "/").lower() if kind == "pypi" else flaw.package.replace(":", "/")
    return f"pkg:{kind}/{quote(name)}@{quote(flaw.installed)}"
