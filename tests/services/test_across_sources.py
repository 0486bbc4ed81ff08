"""What several sources say of one thing is one thing: vulnerability, asset, finding."""

import json
from pathlib import Path
from typing import Any

import pytest

from kairan.runtime import clock
from kairan.runtime.object_store import Archive
from kairan.services.intake import Intake, Options
from kairan.store.models import Asset, Finding, Vulnerability
from tests.reports import record, report

pytestmark = pytest.mark.usefixtures("sound_store")
CVE, GHSA = "CVE-2026-10001", "GHSA-aaaa-bbbb-cccc"
REGISTRY = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com"
DIGEST = "sha256:" + "a" * 64


def dependabot() -> dict[str, Any]:
    package = {"ecosystem": "npm", "name": "sample"}
    return {
        "number": 7,
        "state": "open",
        "html_url": "https://github.com/acme/shop/security/dependabot/7",
        "dependency": {"package": package, "manifest_path": "package-lock.json", "scope": "runtime"},
        "security_advisory": {
            "ghsa_id": GHSA,
            "cve_id": CVE,
            "summary": "Reads past its end",
            "identifiers": [{"type": "GHSA", "value": GHSA}, {"type": "CVE", "value": CVE}],
        },
        "security_vulnerability": {
            "package": package,
            "severity": "high",
            "vulnerable_version_range": "< 2.0.0",
            "first_patched_version": {"identifier": "2.0.0"},
        },
    }


def trivy_repository() -> dict[str, Any]:
    entry = record(CVE, "sample", severity="MEDIUM", fixed="2.0.0", PkgIdentifier={"PURL": "pkg:npm/sample@1.0.0"})
    result = {"Target": "package-lock.json", "Class": "lang-pkgs", "Type": "npm", "Vulnerabilities": [entry]}
    return {
        "SchemaVersion": 2,
        "ArtifactName": "https://github.com/acme/shop",
        "ArtifactType": "repository",
        "Results": [result],
    }


def inspector() -> dict[str, Any]:
    package = {"Name": "sample", "Version": "1.0.0", "PackageManager": "NPM", "FixedInVersion": "2.0.0"}
    return {
        "SchemaVersion": "2018-10-08",
        "Id": "arn:aws:inspector2:ap-northeast-1:123456789012:finding/1",
        "ProductArn": "arn:aws:securityhub:ap-northeast-1::product/aws/inspector",
        "ProductName": "Inspector",
        "GeneratorId": "AWSInspector",
        "AwsAccountId": "123456789012",
        "Types": ["Software and Configuration Checks/Vulnerabilities/CVE"],
        "CreatedAt": "2026-11-01T00:00:00Z",
        "UpdatedAt": "2026-11-01T00:00:00Z",
        "Severity": {"Label": "HIGH"},
        "Title": f"{CVE} - sample",
        "Description": "Reads past its end",
        "Resources": [
            {
                "Type": "AwsEcrContainerImage",
                "Id": f"arn:aws:ecr:ap-northeast-1:123456789012:repository/shop/{DIGEST}",
                "Region": "ap-northeast-1",
            }
        ],
        "Vulnerabilities": [{"Id": CVE, "VulnerablePackages": [package]}],
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
    }


def read(folder: Path, name: str, told: object) -> None:
    file = folder / f"{name}.json"
    file.write_text(json.dumps(told))
    result = Intake(Options(), Archive.configured(), clock.now).read_all([(str(file), None)])
    assert result.errors == []
    assert result.counts.outcomes["rejected"] == 0


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2)])
def test_one_vulnerability_from_three_sources(order: tuple[int, ...], tmp_path: Path) -> None:
    image = record(CVE, "sample", PkgIdentifier={"PURL": "pkg:npm/sample@1.0.0"})
    scan = report(image, image=f"{REGISTRY}/shop:1.0")
    scan["Results"][0] |= {"Class": "lang-pkgs", "Type": "node-pkg", "Target": "Node.js"}
    told = [dependabot(), trivy_repository(), {"Findings": [inspector()]}, scan]
    for number in order:
        read(tmp_path, str(number), told[number])

    [vulnerability] = Vulnerability.objects.filter(merged_into=None)
    assert vulnerability.primary_id == CVE
    assert {one.value for one in vulnerability.identifiers.all()} == {CVE, GHSA}
    assert {(one.kind, one.external_id) for one in Asset.objects.all()} == {
        ("repository", "github.com/acme/shop"),
        ("image", f"{REGISTRY}/shop"),
    }
    for finding in Finding.objects.filter(merged_into=None):
        sources = {sighting.scope.source.kind for sighting in finding.sightings.all()}
        other = "github_dependabot" if finding.asset.kind == "repository" else "aws_security_hub"
        assert sources == {"trivy", other}
        assert {f"source:{name}" for name in sources} <= set(finding.traits)
    assert Finding.objects.filter(merged_into=None).count() == 2
