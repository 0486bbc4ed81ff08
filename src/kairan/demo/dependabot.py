"""GitHub's answers about Dependabot alerts: the GraphQL list of all repositories, and webhooks of single alerts.

https://docs.github.com/en/graphql/reference/objects#repositoryvulnerabilityalert
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sin
from typing import Any

from kairan.demo.flaws import Flaw
from kairan.demo.lives import World
from kairan.demo.organisation import REPOSITORIES, Repository
from kairan.demo.text import sha256

_ECOSYSTEMS = {"npm": "NPM", "maven": "MAVEN", "pip": "PIP", "go": "GO"}
_DISMISSED = 0.2  # of the alerts that nobody fixes
_WHY = (("TOLERABLE_RISK", "tolerable_risk"), ("NOT_USED", "not_used"), ("INACCURATE", "inaccurate"))
_FROM_ADVISORIES = {"MEDIUM": "MODERATE"}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert as it stands on a day. `state`: OPEN, FIXED or DISMISSED; `since` when it came to be so."""

    number: int
    flaw: Flaw
    repository: Repository
    state: str
    created: datetime
    since: datetime
    why: int = 0


def alerts(world: World, of: Repository, day: int, first: datetime) -> Iterator[Alert]:
    """All alerts that the repository ever had. `first` is the instant of day 0. Numbers never change."""
    begun = [(world.spans(f, of.name)[0][0], f.id, f) for f in world.flaws(of.name, day) if f.ecosystem == of.ecosystem]
    for number, (begin, _, flaw) in enumerate(sorted(begun, key=lambda each: each[:2]), 1):
        state, since = _state(world, flaw, of.name, day)
        created = first + timedelta(days=begin)
        why = world.dice("why", flaw.id, of.name).randrange(len(_WHY))
        yield Alert(number, flaw, of, state, created, first + timedelta(days=since), why)


def changed(world: World, of: Repository, day: int, first: datetime) -> Iterator[Alert]:
    """The alerts that GitHub tells about on this day, because they came to be as they are."""
    today = first + timedelta(days=day)
    return (alert for alert in alerts(world, of, day, first) if alert.since == today)


def answer(world: World, day: int, first: datetime, at: datetime) -> Json:
    """One GraphQL answer about all repositories, each under an alias."""
    data = {}
    for number, each in enumerate(REPOSITORIES):
        nodes = [_node(alert, day, at) for alert in alerts(world, each, day, first)]
        name = {"nameWithOwner": each.full_name, "url": f"https://github.com/{each.full_name}", "id": _node_id(each)}
        data[f"r{number}"] = name | {"vulnerabilityAlerts": {"nodes": nodes}}
    return {"data": data}


def webhook(alert: Alert, day: int, at: datetime) -> Json:
    """The `dependabot_alert` event that GitHub sends when an alert changes."""
    action = {"OPEN": "created" if alert.since == alert.created else "reintroduced", "FIXED": "fixed"}
    of, flaw = alert.repository, alert.flaw
    address = f"https://github.com/{of.full_name}"
    package = {"ecosystem": of.ecosystem, "name": flaw.package}
    told = {
        "number": alert.number,
        "state": alert.state.lower(),
        "dependency": {"package": package, "manifest_path": of.manifest, "scope": "runtime"},
        "security_advisory": _advisory_rest(flaw, day),
        "security_vulnerability": {
            "package": package,
            "severity": flaw.severity.lower(),
            "vulnerable_version_range": f"< {flaw.fixed}" if flaw.fixed else f"<= {flaw.installed}",
            "first_patched_version": {"identifier": flaw.fixed} if flaw.fixed else None,
        },
        "html_url": f"{address}/security/dependabot/{alert.number}",
        "created_at": _at(min(alert.created, at)),
        "updated_at": _at(at),
        "fixed_at": _at(at) if alert.state == "FIXED" else None,
        "dismissed_at": _at(at) if alert.state == "DISMISSED" else None,
        "dismissed_reason": _WHY[alert.why][1] if alert.state == "DISMISSED" else None,
        "auto_dismissed_at": None,
    }
    owner, _, name = of.full_name.partition("/")
    repository = {"node_id": _node_id(of), "name": name, "full_name": of.full_name, "owner": {"login": owner}}
    return {
        "action": action.get(alert.state, "dismissed"),
        "alert": told,
        "repository": repository | {"html_url": address},
        "sender": {"login": "dependabot[bot]"},
    }


def _state(world: World, flaw: Flaw, place: str, day: int) -> tuple[str, int]:
    """How the alert stands, and since which day."""
    state, since = "FIXED", 0
    for first, last in world.spans(flaw, place):
        if first <= day:
            state, since = ("OPEN", first) if day < last else ("FIXED", last)
    dice = world.dice("dismissed", flaw.id, place)
    if state == "OPEN" and dice.random() < _DISMISSED and flaw.severity != "CRITICAL":
        given_up = since + dice.randint(2, 12)
        return ("DISMISSED", given_up) if given_up <= day else (state, since)
    return state, since


def _node(alert: Alert, day: int, at: datetime) -> Json:
    flaw, of = alert.flaw, alert.repository
    ended = _at(min(alert.since, at))  # a day that is played before its time has no future
    return {
        "number": alert.number,
        "state": alert.state,
        "createdAt": _at(min(alert.created, at)),
        "fixedAt": ended if alert.state == "FIXED" else None,
        "dismissedAt": ended if alert.state == "DISMISSED" else None,
        "dismissReason": _WHY[alert.why][0] if alert.state == "DISMISSED" else None,
        "dismissComment": "デモ: この経路は呼ばれません。" if alert.state == "DISMISSED" and alert.why == 1 else None,
        "autoDismissedAt": None,
        "dependencyScope": "RUNTIME",
        "vulnerableManifestFilename": of.manifest.rpartition("/")[2],
        "vulnerableManifestPath": of.manifest,
        "vulnerableRequirements": f"= {flaw.installed}",
        "securityAdvisory": _advisory_graph(flaw, day),
        "securityVulnerability": {
            "severity": _severity(flaw),
            "package": {"name": flaw.package, "ecosystem": _ECOSYSTEMS[of.ecosystem]},
            "firstPatchedVersion": {"identifier": flaw.fixed} if flaw.fixed else None,
            "vulnerableVersionRange": f"< {flaw.fixed}" if flaw.fixed else f"<= {flaw.installed}",
        },
    }


def _advisory_graph(flaw: Flaw, day: int) -> Json:
    return {
        "ghsaId": ghsa(flaw),
        "summary": flaw.title,
        "description": flaw.text,
        "severity": _severity(flaw),
        "identifiers": _identifiers(flaw),
        "references": [{"url": f"https://github.com/advisories/{ghsa(flaw)}"}],
        "cvssSeverities": {"cvssV3": {"score": flaw.score, "vectorString": flaw.vector}, "cvssV4": None},
        "cwes": {"nodes": [{"cweId": flaw.cwe}]},
        "epss": _epss(flaw, day),
        "publishedAt": flaw.published,
        "updatedAt": flaw.published,
        "withdrawnAt": None,
    }


def _advisory_rest(flaw: Flaw, day: int) -> Json:
    return {
        "ghsa_id": ghsa(flaw),
        "cve_id": flaw.id,
        "summary": flaw.title,
        "description": flaw.text,
        "severity": flaw.severity.lower(),
        "identifiers": _identifiers(flaw),
        "references": [{"url": f"https://github.com/advisories/{ghsa(flaw)}"}],
        "cvss_severities": {"cvss_v3": {"score": flaw.score, "vector_string": flaw.vector}, "cvss_v4": None},
        "epss": [_epss(flaw, day)],
        "cwes": [{"cwe_id": flaw.cwe}],
        "published_at": flaw.published,
        "updated_at": flaw.published,
        "withdrawn_at": None,
    }


def ghsa(flaw: Flaw) -> str:
    """GitHub's own id. Flaws that have none known to us (Go's standard library) get one that nobody uses."""
    return flaw.ghsa or f"GHSA-2222-{int(flaw.id[-4:]):04}-2222"


def _identifiers(flaw: Flaw) -> list[Json]:
    return [{"type": "GHSA", "value": ghsa(flaw)}, {"type": "CVE", "value": flaw.id}]


def _epss(flaw: Flaw, day: int) -> Json:
    """Moves a little from week to week, as the real one does."""
    moved = flaw.epss * (1 + 0.08 * sin(day // 7 + flaw.score))
    return {"percentage": round(min(moved, 0.97), 5), "percentile": round(min(moved**0.2, 0.999), 5)}


def _severity(flaw: Flaw) -> str:
    return _FROM_ADVISORIES.get(flaw.severity, flaw.severity)


def _node_id(of: Repository) -> str:
    return f"R_{sha256('repository', of.name)[:12]}"


def _at(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
