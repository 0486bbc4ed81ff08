"""Reports of container images: asset, scope, packages, and what goes into the occurrence instead of the key."""

import tracemalloc
from datetime import UTC, datetime

import pytest

from kairan.domain.finding import Cvss, EndReason, RecordKind, Rejected, sighting_key
from kairan.domain.severity import Severity

DIGEST = "sha256:" + "1" * 64


def test_a_report_speaks_of_an_image_without_its_tag_for_four_classes(read):
    report = read("image")
    assert report.title == "docker.io/acme/shop:1.4"
    assert report.as_of == datetime(2026, 3, 1, 10, 20, 30, 123457, UTC)
    assert [(s.key, s.kind.value, s.looked, s.complete, s.version) for s in report.scopes] == [
        ("image:docker.io/acme/shop", kind, looked, True, DIGEST)
        for kind, looked in (("vulnerability", True), ("misconfiguration", False), ("secret", True), ("license", True))
    ]
    assert report.size == len(list(report.records())) == 7


def test_an_os_package_is_its_source_package_and_keeps_its_own_name_in_the_occurrence(read):
    found = next(read("image").records())
    assert (found.position, found.id, found.location) == ("Results[0].Vulnerabilities[0]", "CVE-2026-0001", "")
    assert found.asset.external_id == "docker.io/acme/shop"
    assert found.package.key == "pkg:apk/alpine/green"
    assert (found.severity, found.severity_source, found.status) == (Severity.HIGH, "nvd", "fixed")
    assert (found.installed, found.fixed) == ("1.0.0-r1", "1.0.0-r2")
    layer = "sha256:" + "3" * 64
    assert found.occurrence == {
        "tag": "1.4",
        "digest": DIGEST,
        "package": "libgreen",
        "installed": "1.0.0-r1",
        "layer": layer,
        "diff_id": layer,
        "vendor_ids": ["ALPINE-1"],
    }


def test_the_advisory_is_trivys_text(read):
    advisory = next(read("image").records()).advisory
    assert (advisory.publisher, advisory.external_id, advisory.title) == ("trivy", "CVE-2026-0001", "green: overflow")
    assert advisory.severity is Severity.CRITICAL  # nvd's, not the one Trivy chose
    assert advisory.cvss == (
        Cvss("nvd", "2.0", "AV:N/AC:L/Au:N/C:P/I:P/A:P", 7.5),
        Cvss("nvd", "3.0", "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),
        Cvss("ghsa", "4.0", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3),
    )
    assert advisory.cwes == ("CWE-787",)
    assert advisory.references == ("https://example.org/a", "https://example.org/b")
    assert advisory.published == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert advisory.modified is None  # `2026-1-1T10:10:10Z` is no RFC 3339
    assert (advisory.about, advisory.aliases) == ((), ())  # vendors' ids are advisories, not names of one problem


def test_two_copies_of_a_language_package_are_two_occurrences_of_one_finding(read):
    _, _, one, other, *_ = read("image").records()
    assert one.package.key == other.package.key == "pkg:npm/%40acme/left"
    assert one.id == "GHSA-aaaa-bbbb-cccc"
    assert sighting_key(one) == sighting_key(other)
    assert one.occurrence["path"] != other.occurrence["path"]


def test_a_secret_is_told_by_rule_and_place_and_never_by_value(read):
    found = next(r for r in read("image").records() if r.kind is RecordKind.SECRET)
    assert (found.id, found.location) == ("trivy:acme-token", "app/config.yaml")
    assert found.occurrence["start_line"] == 3
    assert found.occurrence["category"] == "Acme"
    assert "SECRETVALUE" not in repr(found)


def test_licences_are_findings_of_packages_or_files(read):
    package, file = (r for r in read("image").records() if r.kind is RecordKind.LICENSE)
    assert (package.id, package.package.key) == ("license:GPL-2.0-only", "pkg:apk/alpine/busybox")
    assert (file.id, file.package, file.location) == ("license:MIT", None, "usr/share/LICENSE")
    assert file.occurrence["confidence"] == 0.98


@pytest.mark.parametrize(
    ("change", "image", "tag"),
    [
        ({"ArtifactName": "build/shop.tar.gz"}, "docker.io/acme/shop", "1.4"),
        ({"ArtifactName": "out/layout"}, "docker.io/acme/shop", "1.4"),  # a folder that parses as a name
        ({"ArtifactName": "222222222222"}, "docker.io/acme/shop", "1.4"),  # an image id
        ({"ArtifactName": "registry.local:5000/shop"}, "registry.local:5000/shop", None),
        ({"ArtifactName": "", "Metadata": {}}, "docker.io/acme/shop", "1.4"),
        ({"ArtifactName": "a.tar", "Metadata": {"Reference": "ghcr.io/acme/a:2"}}, "ghcr.io/acme/a", "2"),
        ({"ArtifactName": "shop", "Metadata": {"RepoDigests": [f"shop@{DIGEST}"]}}, "docker.io/library/shop", None),
    ],
)
def test_the_image_is_found_wherever_the_report_names_it(read, sample, change, image, tag):
    found = next(read(sample("image") | change).records())
    assert (found.asset.kind, found.asset.external_id) == ("image", image)
    assert found.occurrence.get("tag") == tag


def test_a_report_without_artifact_name_and_type_is_told_by_its_os_target(read, sample):
    results = {"Results": sample("image")["Results"]}
    for document in (
        results,
        results | {"ArtifactName": "acme/shop:1.4"},
        results | {"Metadata": sample("image")["Metadata"]},
    ):
        assert next(read(document).records()).asset.external_id == "docker.io/acme/shop"


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("disk.img", "vm"),
        ("", "vm"),
        (".", "filesystem"),
        ("./", "repository"),
        ("..", "filesystem"),
        ("/", "filesystem"),
        ("image.tar", "container_image"),
    ],
)
def test_a_report_that_names_no_asset_is_rejected_record_by_record_without_values(read, sample, name, type_):
    document = sample("image") | {"ArtifactName": name, "ArtifactType": type_, "Metadata": {}}
    for result in document["Results"]:
        result["Target"] = "x.tar (alpine 3)"
    report = read(document)
    records = list(report.records())
    assert report.scopes == ()
    assert len(records) == report.size == 7
    assert all(isinstance(record, Rejected) for record in records)
    assert f"names no asset (ArtifactName {name!r})" in records[0].reason
    assert "--asset KIND:NAME" in records[0].reason
    assert "SECRETVALUE" not in repr(records)


def test_a_person_can_name_the_asset(read, sample):
    document = sample("image") | {"ArtifactName": "disk.img", "ArtifactType": "vm"}
    report = read(document, asset="host:web-1")
    assert {s.key for s in report.scopes} == {"host:web-1"}
    assert {(r.asset.kind, r.asset.external_id) for r in report.records()} == {("host", "web-1")}


def test_a_hinted_image_is_canonical(read):
    report = read("image", asset="image:acme/shop")
    assert report.scopes[0].key == "image:docker.io/acme/shop"


def test_a_partial_report_says_so(read):
    assert not any(scope.complete for scope in read("image", complete=False).scopes)
    assert all(scope.complete for scope in read("image", complete=True).scopes)


def test_results_that_are_empty_or_missing_show_nothing_that_was_looked_for(read, sample):
    for results in ([], None):
        report = read(sample("image") | {"Results": results})
        assert len(report.scopes) == 4
        assert not any(scope.looked for scope in report.scopes)
    clean = sample("image") | {
        "Results": [{"Target": "acme/shop:1.4 (alpine 3.20.1)", "Class": "os-pkgs", "Type": "alpine"}]
    }
    assert [s.kind for s in read(clean).scopes if s.looked] == [RecordKind.VULNERABILITY]


def test_a_zero_time_is_no_time(read, sample):
    assert read(sample("image") | {"CreatedAt": "0001-01-01T00:00:00Z"}).as_of is None


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"PkgName": "a"}, "object missing required field VulnerabilityID"),
        ({"VulnerabilityID": "", "PkgName": "a"}, "VulnerabilityID: is empty"),
        ({"VulnerabilityID": "CVE-2026-1"}, "PkgName: is missing"),
        ({"VulnerabilityID": "CVE-2026-1", "PkgName": 7}, "PkgName: expected str | null, got int"),
        (
            {"VulnerabilityID": "CVE-2026-1", "PkgName": "a", "CVSS": {"nvd": "x"}},
            "CVSS[...]: expected object, got str",
        ),
        (None, "expected object, got null"),
    ],
)
def test_one_bad_record_is_rejected_with_its_field_and_the_rest_goes_on(read, sample, record, reason):
    document = sample("image")
    document["Results"][0]["Vulnerabilities"].insert(1, record)
    before, rejected, after, *_ = read(document).records()
    assert (rejected.kind, rejected.position) == (RecordKind.VULNERABILITY, "Results[0].Vulnerabilities[1]")
    assert rejected.reason == reason
    assert (before.id, after.id) == ("CVE-2026-0001", "CVE-2026-0002")


def test_a_secret_without_a_rule_is_rejected_without_its_value(read, sample):
    document = sample("image")
    document["Results"][2]["Secrets"] = [{"Match": "SECRETVALUE", "Severity": "LOW", "Code": "SECRETVALUE"}]
    rejected = next(r for r in read(document).records() if isinstance(r, Rejected))
    assert rejected.raw == '{"Match":"***","Severity":"LOW"}'


def test_suppressed_findings_are_kept_closed_and_not_counted(read):
    vulnerability, misconfiguration = (r for r in read("repository").records() if not r.counted)
    assert (vulnerability.id, vulnerability.open, vulnerability.end_reason) == (
        "CVE-2026-0004",
        False,
        EndReason.SUPPRESSED,
    )
    assert (vulnerability.status, vulnerability.keep_if_unknown) == ("not_affected", True)
    assert vulnerability.occurrence["vex"] == {
        "status": "not_affected",
        "statement": "vulnerable_code_not_in_execute_path",
        "source": "vex.json",
    }
    assert vulnerability.position == "Results[0].ExperimentalModifiedFindings[0]"
    assert (misconfiguration.kind, misconfiguration.id) == (RecordKind.MISCONFIGURATION, "trivy:AWS-0091")


def test_records_are_decoded_one_after_the_other(read, sample):
    document = sample("image")
    vulnerability = document["Results"][0]["Vulnerabilities"][0] | {"Description": "x" * 2_000}
    document["Results"][0]["Vulnerabilities"] = [vulnerability | {"Title": str(i)} for i in range(3_000)]
    report = read(document)
    tracemalloc.start()
    try:
        count = sum(1 for _ in report.records())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 3_005
    assert peak < 1_500_000  # 6 MB of text went by
