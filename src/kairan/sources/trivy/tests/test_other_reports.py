"""Repositories, file systems, machines, bills of materials, and the arrays from before there was a schema."""

import pytest

from kairan.domain.finding import EndReason, RecordKind
from kairan.sources.trivy.assets import repository_of
from kairan.sources.trivy.misconfigurations import check_id


def test_a_repository_is_known_by_its_url_and_its_packages_by_their_manifest(read):
    report = read("repository")
    assert {s.key for s in report.scopes} == {"repository:github.com/acme/shop"}
    assert {s.version for s in report.scopes} == {"c0ffee"}
    npm, _, jar, *_ = report.records()
    assert (npm.asset.kind, npm.asset.external_id) == ("repository", "github.com/acme/shop")
    assert (npm.package.key, npm.location) == ("pkg:npm/left", "web/package-lock.json")
    assert (jar.package.key, jar.location) == ("pkg:maven/org.acme/core", "")  # a jar's name bears its version
    assert jar.occurrence["path"] == "lib/core-1.0.jar"


def test_a_misconfiguration_is_open_unless_it_passed_or_is_excepted(read):
    fail, passed, excepted = (
        r for r in read("repository").records() if r.kind is RecordKind.MISCONFIGURATION and r.counted
    )
    assert (fail.id, fail.location, fail.open) == ("trivy:AWS-0086", "infra/main.tf#aws_s3_bucket.logs", True)
    assert fail.advisory.remediation == "Block public access"
    assert fail.occurrence["start_line"] == 1
    assert (passed.open, passed.end_reason) == (False, EndReason.REPORTED_FIXED)
    assert (excepted.open, excepted.end_reason) == (False, EndReason.SUPPRESSED)


@pytest.mark.parametrize(
    ("name", "type_", "kind", "external_id"),
    [
        ("services/shop/", "repository", "filesystem", "services/shop"),
        ("./shop", "filesystem", "filesystem", "shop"),
        ("git@github.com:acme/shop.git", "repository", "repository", "github.com/acme/shop"),
        ("sbom/shop.cdx.json", "cyclonedx", "sbom", "sbom/shop.cdx.json"),
        ("ami:ami-0123", "vm", "vm_image", "ami:ami-0123"),
        ("machines/web.vmdk", "vm", "vm_image", "machines/web.vmdk"),
        ("123456789012", "aws_account", "aws_account", "123456789012"),
    ],
)
def test_each_type_of_artifact_has_its_kind_of_asset(read, sample, name, type_, kind, external_id):
    document = sample("repository") | {"ArtifactName": name, "ArtifactType": type_, "Metadata": {}}
    found = next(read(document).records())
    assert (found.asset.kind, found.asset.external_id) == (kind, external_id)


def test_a_bill_of_materials_of_an_image_is_about_the_image(read, sample):
    document = sample("image") | {"ArtifactName": "shop.cdx.json", "ArtifactType": "cyclonedx"}
    assert read(document).scopes[0].key == "image:docker.io/acme/shop"


def test_a_legacy_array_is_about_the_image_of_its_os_target(read):
    report = read("legacy")
    assert report.as_of is None
    assert {s.key for s in report.scopes} == {"image:docker.io/acme/shop"}
    assert [s.kind for s in report.scopes if s.looked] == [RecordKind.VULNERABILITY]
    (found,) = report.records()
    assert (found.position, found.package.key) == ("[0].Vulnerabilities[0]", "pkg:apk/alpine/libgreen")
    assert found.occurrence["tag"] == "1.3"


def test_a_legacy_array_of_files_has_an_asset_for_each(read):
    report = read("legacy-files")
    assert {s.key for s in report.scopes} == {"filesystem:a/go.mod", "filesystem:b/go.mod"}
    (found,) = report.records()
    assert found.package.key == "pkg:golang/github.com/acme/core"
    assert read("legacy-files", asset="repository:github.com/acme/x").scopes[0].key == "repository:github.com/acme/x"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("AVD-KSV-0014", "KSV014"),
        ("KSV-0014", "KSV014"),
        ("AVD-AWS-0143", "AWS-0143"),
        ("KCV0001", "AVD-KCV-0001"),
        ("DS005", "AVD-DS-0005"),
    ],
)
def test_a_check_has_one_id_over_trivys_versions(one, other):
    assert check_id(one) == check_id(other)


def test_ids_that_are_no_numbered_checks_stay_as_they_are():
    assert check_id("aws-s3-enable-versioning") == "aws-s3-enable-versioning"
    assert check_id("user.acme.deny") == "user.acme.deny"
    assert check_id("AVD-KSV-0014") == "KSV-0014"


@pytest.mark.parametrize(
    ("url", "repository"),
    [
        ("ssh://git@github.com/a/b.git", "github.com/a/b"),
        ("https://user:pw@host/a/b?x=1", "host/a/b"),
        ("a/b", ""),
        ("https://host", ""),
    ],
)
def test_a_repository_is_named_without_scheme_and_credentials(url, repository):
    assert repository_of(url) == repository
