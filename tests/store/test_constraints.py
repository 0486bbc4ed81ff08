"""What the tables themselves refuse, whoever writes."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from kairan.store.models import Asset, Finding, Person, Scope, Sighting, Source, Vulnerability

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture
def finding(db: None) -> Finding:
    vulnerability = Vulnerability.objects.create(kind="vulnerability", primary_id="CVE-2026-1", created_at=NOW)
    asset = Asset.objects.create(kind="image", external_id="docker.io/library/nginx", name="nginx", created_at=NOW)
    return Finding.objects.create(
        vulnerability=vulnerability, home=vulnerability, asset=asset, is_open=True, severity=4, first_seen=NOW
    )


def refused() -> Any:
    return pytest.raises(IntegrityError)


def copy_of(finding: Finding, **changes: Any) -> Finding:
    finding.pk = None
    for name, value in changes.items():
        setattr(finding, name, value)
    return finding


def test_one_identity_is_one_finding_also_without_a_package(finding: Finding) -> None:
    with refused(), transaction.atomic():
        copy_of(finding).save(force_insert=True)
    copy_of(finding, location="package-lock.json").save(force_insert=True)


def test_a_merged_finding_leaves_its_place_to_another(finding: Finding) -> None:
    first = Finding.objects.get()
    Finding.objects.filter(pk=first.pk).update(merged_into=first)
    copy_of(finding).save(force_insert=True)


def test_an_open_finding_has_no_end(finding: Finding) -> None:
    with refused(), transaction.atomic():
        Finding.objects.update(closed_at=NOW)


def test_a_sighting_ends_with_a_time(finding: Finding) -> None:
    source = Source.objects.create(kind="trivy", name="trivy", created_at=NOW)
    scope = Scope.objects.create(source=source, key="image:x", kind="vulnerability", title="x", absence="fixed")
    identifier = finding.vulnerability.identifiers.create(value="CVE-2026-1", home=finding.vulnerability)
    told: dict[str, Any] = {"scope": scope, "finding": finding, "identifier": identifier, "digest": b"1", "lead": b"1"}
    told |= {"severity": 4, "first_seen": NOW, "changed_at": NOW}
    with refused(), transaction.atomic():
        Sighting.objects.create(key=b"1", is_live=False, **told)
    with refused(), transaction.atomic():
        Sighting.objects.create(key=b"1", is_live=True, ended_at=NOW, **told)
    Sighting.objects.create(key=b"1", is_live=True, **told)
    with refused(), transaction.atomic():
        Sighting.objects.create(key=b"1", is_live=True, **told)


def test_a_login_name_is_one_whatever_its_case(db: None) -> None:
    Person.objects.create(username="Aki", role="viewer", created_at=NOW)
    with refused(), transaction.atomic():
        Person.objects.create(username="aKI", role="viewer", created_at=NOW)
