"""A small street to show: sources, assets, findings made row by row, and people of every role."""

import hashlib
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from kairan.domain.rights import Role
from kairan.domain.severity import Severity

NOW = datetime(2026, 7, 3, 12, 0, tzinfo=UTC)


class Street:
    """Makes findings with everything around them. Each call of `finding` is one more, a minute older than the last."""

    def __init__(self) -> None:
        from kairan.store.models import Scope, Source

        self.numbers = itertools.count(1)
        self.source = Source.objects.create(kind="trivy", name="trivy", created_at=NOW)
        self.scope = Scope.objects.create(
            source=self.source,
            key="image:shop",
            kind="vulnerability",
            title="registry.example/shop:1.2",
            absence="fixed",
            watermark=NOW,
        )

    def finding(self, **said: Any) -> Any:
        """Keys: id, ids, title, description, links, package, asset, location, severity, open, reason, fixed, seen."""
        from kairan.store.models import Finding, Sighting

        number = next(self.numbers)
        is_open = said.get("open", True)
        severity = said.get("severity", Severity.HIGH)
        first_seen = said.get("seen", NOW - timedelta(minutes=number))
        vulnerability, identifier = self._vulnerability(number, said)
        finding = Finding.objects.create(
            vulnerability=vulnerability,
            home=vulnerability,
            asset=self._asset(said),
            package=self._package(said),
            location=said.get("location", ""),
            is_open=is_open,
            severity=severity,
            first_seen=first_seen,
            closed_at=None if is_open else NOW,
            close_reason="" if is_open else said.get("reason", "absent"),
        )
        Sighting.objects.create(
            scope=self.scope,
            key=_digest(f"key {number}"),
            finding=finding,
            identifier=identifier,
            digest=_digest(f"digest {number}"),
            lead=_digest(f"lead {number}"),
            severity=severity,
            severity_source=said.get("severity_source", "nvd"),
            status=said.get("status", "fixed"),
            installed=said.get("installed", "1.0.1"),
            fixed=said.get("fixed", "1.0.2"),
            occurrences=said.get("occurrences", [{"tag": "1.2", "layer": "sha256:" + "ab" * 32}]),
            is_live=is_open,
            first_seen=first_seen,
            changed_at=first_seen,
            ended_at=None if is_open else NOW,
            end_reason="" if is_open else said.get("reason", "absent"),
            last_seen=None if is_open else NOW,
        )
        self.event(finding, "opened", at=first_seen)
        if not is_open:
            self.event(finding, "closed", reason=said.get("reason", "absent"))
        return finding

    def event(self, finding: Any, code: str, /, *, at: datetime = NOW, **params: Any) -> None:
        from kairan.store.models import Event

        Event.objects.create(finding=finding, code=code, at=at, recorded_at=at, params=params)

    def run(self, **said: Any) -> Any:
        from kairan.store.models import Run

        return Run.objects.create(
            **{"trigger": "import", "name": "report.json", "state": "done", "started_at": NOW, "finished_at": NOW}
            | said
        )

    def _vulnerability(self, number: int, said: dict[str, Any]) -> tuple[Any, Any]:
        from kairan.store.models import Advisory, AdvisoryIdentifier, Identifier, Vulnerability
        from kairan.store.queries.vectors import vector

        value = said.get("id", f"CVE-2026-{10_000 + number}")
        known = Identifier.objects.filter(value=value).first()
        if known:
            return known.vulnerability, known
        vulnerability = Vulnerability.objects.create(
            kind=said.get("kind", "vulnerability"), primary_id=value, created_at=NOW
        )
        identifiers = [
            Identifier.objects.create(value=each, vulnerability=vulnerability, home=vulnerability, words=vector(each))
            for each in (value, *said.get("ids", ()))
        ]
        advisory = Advisory.objects.create(
            publisher="trivy",
            external_id=value,
            title=said.get("title", f"Title of {value}"),
            description=said.get("description", f"Description of {value}."),
            url=said.get("url", f"https://avd.aquasec.com/nvd/{value.lower()}"),
            remediation=said.get("remediation", ""),
            severity=said.get("severity", Severity.HIGH),
            cvss=said.get("cvss", [{"by": "nvd", "version": "3.1", "vector": "CVSS:3.1/AV:N/AC:L", "score": 8.1}]),
            cwes=said.get("cwes", ["CWE-79"]),
            links=said.get("links", [f"https://nvd.nist.gov/vuln/detail/{value}"]),
            digest=_digest(value),
            as_of=NOW,
        )
        AdvisoryIdentifier.objects.create(advisory=advisory, identifier=identifiers[0])
        return vulnerability, identifiers[0]

    def _asset(self, said: dict[str, Any]) -> Any:
        from kairan.store.models import Asset, AssetName
        from kairan.store.queries.vectors import vector

        name = said.get("asset", "registry.example/shop")
        kind = said.get("asset_kind", "image")
        said = {"name": name, "created_at": NOW}
        asset, is_new = Asset.objects.get_or_create(kind=kind, external_id=name, defaults=said)
        if is_new:
            AssetName.objects.create(asset=asset, value=name, words=vector(name))
        return asset

    def _package(self, said: dict[str, Any]) -> Any:
        from kairan.store.models import Package

        name = said.get("package", "openssl")
        if not name:
            return None
        return Package.objects.get_or_create(key=f"pkg:deb/{name}", defaults={"ecosystem": "deb", "name": name})[0]


@pytest.fixture
def street(db: None) -> Street:
    return Street()


@pytest.fixture
def person(db: None) -> Callable[..., Any]:
    """Make someone: `person("viewer", language="ja")`."""
    from kairan.store.models import Person

    def make(role: str = Role.VIEWER, **said: Any) -> Any:
        made = Person(
            **{"username": f"{role}-{Person.objects.count()}", "role": role, "created_at": NOW, "language": "en"} | said
        )
        made.set_password("correct horse battery")
        made.save()
        return made

    return make


@pytest.fixture
def viewer(person: Callable[..., Any]) -> Client:
    """A browser in which a viewer is logged in."""
    client = Client()
    client.force_login(person(Role.VIEWER))
    return client


@pytest.fixture
def town(street: Street, person: Callable[..., Any], archive_home: Any) -> Street:
    """A street with one of everything that has a page."""
    from kairan.store.models import Delivery, HeldClosing, Reject, SavedView, Team, TeamMember, Upload

    owner = person(Role.TRIAGER)
    street.finding()
    run = street.run()
    Reject.objects.create(run=run, position="1", kind="vulnerability", reason="no id", raw="{}")
    HeldClosing.objects.create(
        scope=street.scope, run=run, as_of=NOW, reason="shrunk", sightings=[1], fingerprint=b"x" * 16
    )
    Upload.objects.create(person=owner, name="report.json", size=1, stored="raw/x", created_at=NOW)
    SavedView.objects.create(person=owner, name="mine", query="q=is%3Aopen", created_at=NOW, is_shared=True)
    TeamMember.objects.create(team=Team.objects.create(key="shop", name="Shop"), person=owner)
    told = {"key": "test", "destination": "preview", "channel": "psirt", "purpose": "test", "marker": uuid4()}
    Delivery.objects.create(**told, priority=0, state="refused", created_at=NOW, not_before=NOW)
    drawn = {"text": "x", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x"}}]}
    told |= {"key": "told", "marker": uuid4(), "state": "sent", "payload": drawn}
    Delivery.objects.create(**told, priority=0, created_at=NOW, not_before=NOW)
    _settle_a_case(owner)
    return street


def _settle_a_case(owner: Any) -> None:
    """A case with a decided part, and what was decided of many."""
    from kairan.runtime.object_store import Archive
    from kairan.store.models import BulkDecision, Case, CasePart, Decision

    Archive.configured().receive("evidence/2026/scan.txt", iter([b"nothing found"]))
    evidence = [{"file": "evidence/2026/scan.txt", "name": "scan.txt", "size": 13, "type": "text/plain"}]

    since: dict[str, Any] = {"severity": 4, "findings": 1, "opened_at": NOW}
    case = Case.objects.create(
        **since,
        rule="urgent",
        group_by="asset",
        group_key="asset:1",
        title="A case",
        state="closed",
        status="not_affected",
        updated_at=NOW,
        told_at=NOW,
    )
    part = CasePart.objects.create(**since, case=case, status="not_affected", status_since=NOW)
    Decision.objects.create(
        part=part,
        status="not_affected",
        state="effective",
        decided_by=owner,
        actor="owner",
        decided_at=NOW,
        evidence=evidence,
    )
    BulkDecision.objects.create(
        batch=uuid4(),
        person=owner,
        actor="owner",
        params={"status": "not_affected", "reason": "x"},
        parts=[part.pk],
        created_at=NOW,
        state="done",
        done=1,
    )


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
