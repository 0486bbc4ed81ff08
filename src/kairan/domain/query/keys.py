"""The keys a query knows, and what each takes."""

from dataclasses import dataclass
from enum import Enum, auto

from kairan.domain.finding import RecordKind
from kairan.domain.severity import Severity


class Takes(Enum):
    TEXT = auto()
    CHOICE = auto()
    SEVERITY = auto()
    INSTANT = auto()


@dataclass(frozen=True, slots=True)
class Key:
    """`help` is one line for people; `choices` the words it takes; `answered` is False for what is yet to come."""

    name: str
    takes: Takes
    help: str
    choices: tuple[str, ...] = ()
    answered: tuple[str, ...] | None = None
    example: str = ""


_KINDS = tuple(kind.value for kind in RecordKind)
_STATES = ("open", "closed", "fixed", "suppressed", "unowned", "raised", *_KINDS)
_TO_COME = ("accepted", "disputed", "new")
YES_NO = ("yes", "no")

_ALL = (
    Key("is", Takes.CHOICE, "state or kind", (*_STATES, *_TO_COME), _STATES, "is:open"),
    Key("severity", Takes.SEVERITY, "how bad", tuple(s.word for s in Severity), None, "severity:>=high"),
    Key("exploit", Takes.CHOICE, "exploit code is known", ("yes", "no", "unknown"), (), "exploit:yes"),
    Key("id", Takes.TEXT, "any id of the vulnerability", example="id:GHSA-jfh8-c2jp-5v3q"),
    Key("cve", Takes.TEXT, "a CVE id", example="cve:CVE-2021-44228"),
    Key("package", Takes.TEXT, "package name", example="package:openssl"),
    Key("ecosystem", Takes.TEXT, "package type", example="ecosystem:npm"),
    Key("asset", Takes.TEXT, "any name of the asset", example="asset:web-1"),
    Key("asset-kind", Takes.TEXT, "what kind of asset", example="asset-kind:image"),
    Key("repo", Takes.TEXT, "repository, owner/name", example="repo:acme/*"),
    Key("image", Takes.TEXT, "container image", example="image:nginx"),
    Key("instance", Takes.TEXT, "instance id", example="instance:i-0abc"),
    Key("account", Takes.TEXT, "cloud account", example="account:123456789012"),
    Key("region", Takes.TEXT, "cloud region", example="region:ap-northeast-1"),
    Key("cluster", Takes.TEXT, "Kubernetes cluster", example="cluster:prod"),
    Key("namespace", Takes.TEXT, "Kubernetes namespace", example="namespace:shop"),
    Key("source", Takes.TEXT, "who reports it", example="source:trivy"),
    Key("team", Takes.TEXT, "who owns it", example="team:payments"),
    Key("scope", Takes.TEXT, "dependency scope", example="scope:runtime"),
    Key("path", Takes.TEXT, "manifest or file", example="path:*/package-lock.json"),
    Key("fixed", Takes.CHOICE, "a fixed version is known", YES_NO, None, "fixed:yes"),
    Key("first-seen", Takes.INSTANT, "when it was first seen", example="first-seen:<7d"),
    Key("closed", Takes.INSTANT, "when it closed", example="closed:2026-11-01..2026-11-30"),
)
KEYS = {key.name: key for key in _ALL}
