"""One alert, in any of GitHub's three forms, to one observation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import Raw

from kairan.domain.errors import RecordError
from kairan.domain.finding import AssetRef, EndReason, Observation, RecordKind
from kairan.domain.severity import Severity
from kairan.sources.github_dependabot.packages import package_of
from kairan.sources.github_dependabot.structs import (
    AdvisoryRest,
    AlertGraph,
    AlertOld,
    AlertRest,
    Package,
    Person,
    Reference,
)
from kairan.sources.github_dependabot.texts import AnyAdvisory, advisory_of, severity_of

_graph = msgspec.json.Decoder(AlertGraph)
_rest = msgspec.json.Decoder(AlertRest)
_old = msgspec.json.Decoder(AlertOld)

_ENDS = {
    "open": None,
    "fixed": EndReason.REPORTED_FIXED,
    "dismissed": EndReason.SUPPRESSED,
    "auto_dismissed": EndReason.SUPPRESSED,
}
_BY_ACTION = {"create": "open", "dismiss": "dismissed", "resolve": "fixed"}  # of the deprecated webhook


@dataclass(slots=True)
class Facts:
    """What an alert says, whichever form it has."""

    number: int | str | None
    state: str | None
    parts: Sequence[AnyAdvisory]
    package: Package | None
    severity: str | None
    manifest: str = ""
    installed: str = ""
    fixed: str = ""
    url: str = ""
    scope: str = ""
    relationship: str = ""
    dismissed: dict[str, str | None] = field(default_factory=dict)
    auto_dismissed_at: str | None = None
    fixed_at: str | None = None
    created_at: str | None = None


Reader = Callable[[Raw, str], Facts]


def of_graph(raw: Raw, action: str = "") -> Facts:
    alert = _graph.decode(raw)
    vulnerability = alert.security_vulnerability
    told = (alert.security_advisory, vulnerability.advisory if vulnerability else None)
    patched = vulnerability.first_patched_version if vulnerability else None
    return Facts(
        number=alert.number,
        state=alert.state,
        parts=[part for part in told if part],
        package=vulnerability.package if vulnerability else None,
        severity=vulnerability.severity if vulnerability else None,
        manifest=alert.vulnerable_manifest_path or alert.vulnerable_manifest_filename or "",
        installed=alert.vulnerable_requirements or "",
        fixed=(patched.identifier if patched else None) or "",
        scope=alert.dependency_scope or "",
        relationship=alert.dependency_relationship or "",
        dismissed=_dismissed(alert.dismiss_reason, alert.dismiss_comment, alert.dismisser, alert.dismissed_at),
        auto_dismissed_at=alert.auto_dismissed_at,
        fixed_at=alert.fixed_at,
        created_at=alert.created_at,
    )


def of_rest(raw: Raw, action: str = "") -> Facts:
    alert = _rest.decode(raw)
    vulnerability, dependency = alert.security_vulnerability, alert.dependency
    patched = vulnerability.first_patched_version if vulnerability else None
    by_vulnerability = vulnerability.package if vulnerability else None
    return Facts(
        number=alert.number,
        state=alert.state,
        parts=[alert.security_advisory] if alert.security_advisory else [],
        package=(dependency.package if dependency else None) or by_vulnerability,
        severity=vulnerability.severity if vulnerability else None,
        manifest=(dependency.manifest_path if dependency else None) or "",
        fixed=(patched.identifier if patched else None) or "",
        url=alert.html_url or "",
        scope=(dependency.scope if dependency else None) or "",
        relationship=(dependency.relationship if dependency else None) or "",
        dismissed=_dismissed(alert.dismissed_reason, alert.dismissed_comment, alert.dismissed_by, alert.dismissed_at),
        auto_dismissed_at=alert.auto_dismissed_at,
        fixed_at=alert.fixed_at,
        created_at=alert.created_at,
    )


def of_old(raw: Raw, action: str = "") -> Facts:
    """The deprecated webhook's alert: it names neither ecosystem nor manifest."""
    alert = _old.decode(raw)
    about = AdvisoryRest(
        ghsa_id=alert.ghsa_id,
        cve_id=alert.external_identifier,
        severity=alert.severity,
        references=[Reference(alert.external_reference)],
    )
    return Facts(
        number=alert.number,
        state=alert.state or _BY_ACTION.get(action),
        parts=[about],
        package=Package(alert.affected_package_name),
        severity=alert.severity,
        fixed=alert.fixed_in or "",
        dismissed=_dismissed(alert.dismiss_reason, alert.dismiss_comment, alert.dismisser, alert.dismissed_at),
        fixed_at=alert.fixed_at,
        created_at=alert.created_at,
    )


def _dismissed(reason: str | None, comment: str | None, by: Person | None, at: str | None) -> dict[str, str | None]:
    return {"reason": reason, "comment": comment, "by": (by.login or by.name) if by else None, "at": at}


def observation(facts: Facts, asset: AssetRef, scope: int, position: str) -> Observation:
    """The observation. RecordError where the alert names no package, no id, or a state nobody knows."""
    if facts.package is None or not facts.package.name.strip():
        raise RecordError("package.name: names no package")
    state = _state(facts)
    manifest = facts.manifest.strip().lstrip("/")
    advisory = advisory_of(facts.parts)
    severity = Severity.parse(facts.severity) or severity_of(facts.parts)
    return Observation(
        kind=RecordKind.VULNERABILITY,
        scope=scope,
        position=position,
        id=advisory.external_id,
        asset=asset,
        package=package_of(facts.package.name, facts.package.ecosystem or "", manifest),
        location=manifest,
        severity=severity,
        severity_source="github" if severity else "",
        status=state,
        installed=facts.installed,
        fixed=facts.fixed,
        occurrence=_occurrence(facts, state, asset),
        advisory=advisory,
        open=_ENDS[state] is None,
        end_reason=_ENDS[state],
        keep_if_unknown=_ENDS[state] is not None,
    )


def _state(facts: Facts) -> str:
    """The state in words. Queries from before there was one asked for the instants only."""
    if facts.state:
        state = facts.state.strip().lower()
        if state not in _ENDS:
            raise RecordError(f"state: {facts.state[:40]!r} is none that is known ({', '.join(_ENDS)})")
        return state
    if facts.fixed_at:
        return "fixed"
    if facts.auto_dismissed_at:
        return "auto_dismissed"
    return "dismissed" if facts.dismissed.get("at") or facts.dismissed.get("reason") else "open"


def _occurrence(facts: Facts, state: str, asset: AssetRef) -> dict[str, Any]:
    number: int | str | None = facts.number
    if isinstance(number, str) and number.isascii() and number.isdigit() and len(number) < 16:
        number = int(number)
    url = facts.url
    if not url and number is not None and asset.kind == "repository":
        url = f"https://{asset.external_id}/security/dependabot/{number}"
    at = facts.dismissed.get("at") or facts.auto_dismissed_at
    dismissed = {key: value for key, value in (facts.dismissed | {"at": at}).items() if value}
    told = {
        "number": number,
        "url": url,
        "state": state,
        "scope": facts.scope.lower(),
        "relationship": facts.relationship.lower(),
        "dismissed": dismissed if state in {"dismissed", "auto_dismissed"} else None,
        "fixed_at": facts.fixed_at,
        "created_at": facts.created_at,
    }
    return {key: value for key, value in told.items() if value not in (None, "", {})}
