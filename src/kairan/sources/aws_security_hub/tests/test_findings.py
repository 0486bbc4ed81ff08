"""Findings of each kind: ids, assets, packages, states."""

import json

import pytest

from kairan.domain.finding import (
    Absence,
    EndReason,
    RecordKind,
    Rejected,
    advisory_digest,
    occurrence_digest,
    sighting_key,
)
from kairan.domain.severity import Severity
from kairan.interfaces.source import Hints
from kairan.sources.aws_security_hub.advisories import _PREFIX
from kairan.sources.aws_security_hub.packages import package_of
from kairan.sources.aws_security_hub.structs import Package
from kairan.sources.trivy import SOURCE as TRIVY

IMAGE = "210987654321.dkr.ecr.ap-northeast-1.amazonaws.com/shop/web"
HOST = "arn:aws:ec2:ap-northeast-1:210987654321:instance/i-0123abcd"


def changed(document, **fields):
    return {**document, **fields}


# ---- controls


def test_a_control_has_one_id_in_both_forms(read):
    consolidated, second, old, cis, *_ = read("controls")
    assert consolidated.kind is RecordKind.MISCONFIGURATION
    assert (consolidated.id, old.id, cis.id) == ("aws:EC2.2", "aws:EC2.2", "aws:CIS.1.4")
    assert sighting_key(consolidated) == sighting_key(old) != sighting_key(second)


def test_a_standard_of_its_own_is_a_scope_of_its_own(read):
    """One that is switched off archives its findings, and must not close what the others report."""
    consolidated, _, old, *_ = read("controls")
    assert consolidated.scope != old.scope


@pytest.mark.parametrize(
    ("generator", "fields", "id_"),
    [
        ("security-control/S3.8", {}, "aws:S3.8"),
        ("service-managed-aws-control-tower/v/1.0.0/EC2.2", {"ControlId": "CT.EC2.2"}, "aws:EC2.2"),
        ("pci-dss/v/3.2.1/PCI.Lambda.2", {}, "aws:PCI.Lambda.2"),
        ("cis-aws-foundations-benchmark/v/1.4.0/3.7", {"ControlId": "3.7"}, "aws:CIS.v1.4.0/3.7"),
        ("arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0/rule/2.7", {}, "aws:CIS.2.7"),
        ("prowler-check11", {}, "aws:prowler-check11"),
        ("my-rule", {}, "aws:my-rule"),
    ],
)
def test_control_ids_without_what_was_dropped(read, sample, generator, fields, id_):
    base = sample("controls")[0]
    told = changed(base, GeneratorId=generator, ProductFields=fields, Compliance={"Status": "FAILED"})
    assert {each.id for each in read([told])} == {id_}


def test_the_advisory_of_a_control_has_no_prefix_and_the_way_to_mend_it(read):
    consolidated, _, old, *_ = read("controls")
    assert old.advisory.title.startswith("The VPC default")
    assert old.advisory.url == "https://docs.example.test/old/EC2.2"
    assert consolidated.advisory.url == "https://docs.example.test/EC2.2"
    assert (consolidated.advisory.external_id, consolidated.advisory.remediation) == ("aws:EC2.2", "Remove the rules.")


@pytest.mark.parametrize("title", ["S3 buckets should be private", "EC2 instances should use IMDSv2", "IAM is on"])
def test_a_title_that_begins_with_a_service_is_no_prefix(title):
    assert _PREFIX.sub("", title) == title


# ---- states and severities


@pytest.mark.parametrize(
    ("fields", "end", "kept"),
    [
        ({}, None, False),
        ({"Workflow": {"Status": "NOTIFIED"}}, None, False),
        ({"Compliance": {"Status": "WARNING"}}, None, False),
        ({"Compliance": {"Status": "NOT_AVAILABLE"}}, None, False),
        ({"Compliance": {"Status": "PASSED"}}, EndReason.REPORTED_FIXED, False),
        ({"RecordState": "ARCHIVED"}, EndReason.REPORTED_FIXED, False),
        ({"Workflow": {"Status": "RESOLVED"}}, EndReason.REPORTED_FIXED, False),
        ({"Workflow": {"Status": "SUPPRESSED"}}, EndReason.SUPPRESSED, True),
        ({"Workflow": {"Status": "SUPPRESSED"}, "RecordState": "ARCHIVED"}, EndReason.REPORTED_FIXED, False),
        ({"Workflow": None, "RecordState": None, "Compliance": None}, None, False),
    ],
)
def test_states(read, sample, fields, end, kept):
    (each, *_) = read([changed(sample("controls")[0], **fields)])
    assert (each.open, each.end_reason, each.keep_if_unknown) == (end is None, end, kept)


def test_notified_or_seen_again_is_unchanged(read, sample):
    base = sample("one")
    later = changed(base, UpdatedAt="2027-01-01T00:00:00Z", LastObservedAt="2027-01-01T00:00:00Z")
    later["Workflow"] = {"Status": "NOTIFIED"}
    later["Vulnerabilities"] = [changed(base["Vulnerabilities"][0], EpssScore=0.9)]
    (one,), (other,) = read(base), read(later)
    assert (sighting_key(one), occurrence_digest(one, 1)) == (sighting_key(other), occurrence_digest(other, 1))
    assert advisory_digest(one.advisory, 1) == advisory_digest(other.advisory, 1)
    assert (one.advisory.epss.probability, other.advisory.epss.probability) == (0.01, 0.9)


@pytest.mark.parametrize(
    ("told", "severity"),
    [
        ({"Label": "INFORMATIONAL", "Normalized": 90}, Severity.NONE),
        ({"Normalized": 0}, Severity.NONE),
        ({"Normalized": 39}, Severity.LOW),
        ({"Normalized": 40}, Severity.MEDIUM),
        ({"Normalized": 89}, Severity.HIGH),
        ({"Normalized": 90}, Severity.CRITICAL),
        ({"Product": 70}, Severity.HIGH),
        ({"Original": "high"}, Severity.HIGH),
        (None, Severity.UNKNOWN),
    ],
)
def test_severities(read, sample, told, severity):
    (each,) = read(changed(sample("one"), Severity=told))
    assert each.severity is severity


# ---- vulnerabilities


def test_inspectors_image_and_packages_are_those_of_trivy(read):
    openssl, log4j, kernel = read("inspector")
    trivy = {
        "SchemaVersion": 2,
        "ArtifactName": f"{IMAGE}:v2",
        "ArtifactType": "container_image",
        "Results": [
            {
                "Target": f"{IMAGE}:v2 (alpine 3.17.1)",
                "Class": "os-pkgs",
                "Type": "alpine",
                "Vulnerabilities": [{"VulnerabilityID": "CVE-2026-1111", "PkgName": "openssl"}],
            },
            {
                "Target": "Java",
                "Class": "lang-pkgs",
                "Type": "jar",
                "Vulnerabilities": [
                    {"VulnerabilityID": "CVE-2026-1111", "PkgName": "org.apache.logging.log4j:log4j-core"}
                ],
            },
        ],
    }
    (report,) = TRIVY.reports(json.dumps(trivy).encode(), Hints())
    theirs = list(report.records())
    assert [sighting_key(each) for each in (openssl, log4j)] == [sighting_key(each) for each in theirs]
    assert {openssl.asset.external_id, theirs[0].asset.external_id} == {IMAGE}
    assert openssl.asset.name == theirs[0].asset.name
    assert kernel.package.key == "pkg:rpm/amazon/kernel"


def test_a_record_with_two_packages_is_several_findings_of_one_position(read):
    openssl, log4j, kernel = read("inspector")
    assert openssl.position == log4j.position == "Findings[0]"
    assert (openssl.several, log4j.several, kernel.several) == (True, True, False)
    assert (openssl.installed, openssl.fixed) == ("3.0.7-r2", "3.0.8-r4")
    assert (log4j.installed, log4j.fixed) == ("2.14.1", "")
    assert log4j.occurrence["path"] == "app/shop.jar"
    assert log4j.occurrence["tags"] == ["latest", "v2"]
    assert log4j.occurrence["digest"].startswith("sha256:")


def test_related_vulnerabilities_are_no_aliases(read):
    advisory = read("inspector")[0].advisory
    assert (advisory.aliases, advisory.about) == ((), ())
    assert (advisory.external_id, advisory.publisher) == ("CVE-2026-1111", "aws_security_hub")
    assert (advisory.title, advisory.remediation) == ("", "")
    assert advisory.cvss[0].by == "nvd"


def test_trivys_template_is_read_as_a_vulnerability_of_the_image(read):
    (each,) = read("trivy-template")
    assert (each.id, each.asset.external_id) == ("CVE-2026-3333", "docker.io/library/nginx")
    assert (each.package.key, each.installed, each.fixed) == ("pkg:deb/debian/zlib1g", "1:1.2.13", "1:1.2.14")
    assert each.occurrence["tag"] == "1.27"
    assert each.advisory.title == "zlib: overflow"


@pytest.mark.parametrize(
    ("manager", "name", "more", "key"),
    [
        ("NPM", "@scope/pkg", {}, "pkg:npm/%40scope/pkg"),
        ("NODEPKG", "semver", {}, "pkg:npm/semver"),
        ("PYTHONPKG", "Flask_Login", {}, "pkg:pypi/flask-login"),
        ("POETRY", "certifi", {}, "pkg:pypi/certifi"),
        ("GOBINARY", "github.com/Acme/x", {}, "pkg:golang/github.com/acme/x"),
        ("BUNDLER", "tzinfo", {}, "pkg:gem/tzinfo"),
        ("CARGO", "time", {}, "pkg:cargo/time"),
        ("COMPOSER", "a/b", {}, "pkg:composer/a/b"),
        ("NUGET", "Newtonsoft.Json", {}, "pkg:nuget/Newtonsoft.Json"),
        (None, "org.apache:x", {}, "pkg:maven/org.apache/x"),
        ("OS", "openssl", {"Release": "0+deb11u4"}, "pkg:deb/debian/openssl"),
        ("OS", "bash", {"Remediation": "yum update bash"}, "pkg:rpm/bash"),
        ("OS", "bash", {}, "pkg:generic/bash"),
        ("RPM", "bash", {"Release": "1.amzn2"}, "pkg:rpm/amazon/bash"),
        ("CONFUSED", "x", {}, "pkg:generic/x"),
    ],
)
def test_packages(manager, name, more, key):
    assert package_of(Package(Name=name, PackageManager=manager, **more), "").key == key


# ---- other kinds


def test_two_incidents_of_one_type_stay_two(read):
    one, other = read("incidents")
    assert one.kind is RecordKind.OTHER
    assert one.id == other.id == "aws:TTPs/Discovery/Recon:EC2-Portscan"
    assert one.location != other.location
    assert one.advisory == other.advisory


# ---- assets


def test_a_host_has_one_name_however_it_is_written(read, sample):
    base = sample("one")
    for id_ in (HOST, "i-0123abcd", "arn:aws:ec2:ap-northeast-1:210987654321:i-0123abcd"):
        (each,) = read(changed(base, Resources=[changed(base["Resources"][0], Id=id_)]))
        assert (each.asset.kind, each.asset.external_id) == ("host", HOST)
        assert (each.asset.name, each.asset.names) == ("web-1", ("i-0123abcd",))
        attributes = dict(each.asset.attributes)
        assert (attributes["account"], attributes["instance"], attributes["tag:Name"]) == (
            "210987654321",
            "i-0123abcd",
            "web-1",
        )


def test_accounts_and_buckets_are_cloud_resources(read):
    *_, cis, passed, suppressed = read("controls")
    assert cis.asset.external_id == "aws:account:210987654321"
    assert suppressed.asset.external_id == "arn:aws:s3:::acme-invoices"
    assert (suppressed.asset.name, suppressed.asset.names) == ("invoices", ("acme-invoices",))
    assert dict(passed.asset.attributes)["tag:team"] == "billing"


def test_a_missing_account_is_that_of_an_arn(reports, sample):
    base = changed(sample("one"), AwsAccountId=None, Region=None)
    (report,) = reports(base)
    assert report.scopes[0].key == "account:210987654321/region:ap-northeast-1/product:aws/inspector"


def test_a_named_asset_stands_in(read, sample):
    assert {each.asset.external_id for each in read("controls", asset="host:db-1")} == {"db-1"}
    (each,) = read(changed(sample("one"), Resources=[]), asset="host:db-1")
    assert each.asset.external_id == "db-1"


def test_a_finding_about_nothing_is_rejected_with_the_hint(read, sample):
    base = sample("one")
    nameless, wrong, empty = read([changed(base, Resources=[]), changed(base, Resources=7), changed(base, Id=" ")])
    assert "--asset" in nameless.reason
    assert wrong.reason.startswith("Resources: ")
    assert empty.reason == "Id: is empty"


# ---- documents


def test_lines_are_read_and_a_bad_line_is_rejected(reports):
    lines = reports("lines")
    assert [report.size for report in lines] == [3]
    data = b'{"Id": "x", "ProductArn": "", "Resources": [{"Id": "y"}]}\n\n{"Id": oops\n'
    good, bad = reports(data)[0].records()
    assert (good.position, bad.position) == ("lines[0]", "lines[2]")
    assert isinstance(bad, Rejected)


def test_events_are_snapshots_of_their_own_and_never_complete(reports):
    one, other = reports("events", complete=True)
    assert (one.as_of.hour, other.as_of.hour) == (2, 3)
    assert not one.scopes[0].complete
    (first,), (last,) = one.records(), other.records()
    assert (first.position, last.position) == ("[0].detail.findings[0]", "[1].detail.findings[0]")
    assert sighting_key(first) == sighting_key(last)
    assert (first.open, last.open) == (True, False)
    assert len(reports("event-lines")) == 2


def test_absence_means_nothing_and_files_are_complete_where_a_person_says_so(reports):
    (report,), (complete,) = reports("inspector"), reports("inspector", complete=True)
    assert not report.scopes[0].complete
    assert complete.scopes[0].complete
    assert complete.scopes[0].absence is Absence.UNKNOWN
    assert report.as_of is None


def test_pages_of_an_answer_are_one_report(reports, sample):
    (report,) = reports([sample("inspector"), sample("recorded")])
    assert report.size == 3
    assert [each.position for each in report.records()][-1] == "[1].data.Findings[0]"
