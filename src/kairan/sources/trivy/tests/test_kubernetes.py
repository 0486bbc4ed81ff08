"""`trivy k8s` and the operator: images stay images, workloads keep their name over rollouts."""

import json

import pytest

from kairan.domain.finding import AssetRef, EndReason, RecordKind, Rejected
from kairan.interfaces.source import Hints
from kairan.sources.trivy import SOURCE
from kairan.sources.trivy.workloads import workload

DIGEST = "sha256:" + "1" * 64


def test_a_cluster_report_claims_only_what_it_shows_it_looked_at(read):
    report = read("k8s")
    assert [(s.key, s.kind.value) for s in report.scopes] == [
        ("cluster:prod/image:docker.io/acme/shop", "vulnerability"),
        ("cluster:prod/image:docker.io/acme/shop", "secret"),
        ("cluster:prod/workload:shop/Deployment/web", "misconfiguration"),
        ("cluster:prod/workload:kube-system/Deployment/coredns", "vulnerability"),
        ("cluster:prod/workload:-/ClusterRole/admin", "misconfiguration"),
    ]
    assert all(scope.looked for scope in report.scopes)


def test_findings_of_images_are_on_the_image_and_name_the_workload(read):
    vulnerability, secret, misconfiguration, binary = read("k8s").records()
    assert vulnerability.asset == AssetRef("image", "docker.io/acme/shop", "acme/shop")
    where = {
        "cluster": "prod",
        "namespace": "shop",
        "kind": "Deployment",
        "name": "web",
        "tag": "1.4",
        "digest": DIGEST,
    }
    assert where.items() <= vulnerability.occurrence.items()
    assert (secret.asset.external_id, secret.location) == ("docker.io/acme/shop", "app/key.pem")
    assert (misconfiguration.asset.kind, misconfiguration.asset.external_id) == ("workload", "prod/shop/Deployment/web")
    assert misconfiguration.asset.attributes == (("cluster", "prod"), ("namespace", "shop"))
    assert (misconfiguration.id, misconfiguration.location) == ("trivy:KSV-0014", "")
    assert binary.asset.external_id == "prod/kube-system/Deployment/coredns"
    assert binary.package.key == "pkg:golang/stdlib"


@pytest.mark.parametrize(("name", "position"), [("k8s-old", "Vulnerabilities[0]"), ("k8s-summary", "Findings[0]")])
def test_older_and_newer_sections_say_the_same(read, name, position):
    records = list(read(name).records())
    assert records[0].position == f"{position}.Results[0].Vulnerabilities[0]"
    assert [record.id for record in records] == ["CVE-2026-0001", "trivy:private-key", "trivy:KSV-0014"]


def test_a_cluster_without_a_name_is_rejected_until_a_person_names_it(read, sample):
    document = sample("k8s") | {"ClusterName": ""}
    report = read(document)
    assert (report.scopes, report.title) == ((), "")
    assert all(isinstance(record, Rejected) for record in report.records())
    assert "SECRETVALUE" not in repr(list(report.records()))
    named = list(read(document, asset="cluster:prod").records())
    assert [r.asset for r in named] == [r.asset for r in read("k8s").records()]


def test_any_other_hint_puts_everything_on_that_asset(read):
    records = list(read("k8s", asset="product:shop").records())
    assert {(r.asset.kind, r.asset.external_id) for r in records} == {("product", "shop")}
    assert records[0].location == "shop/Deployment/web"
    assert records[1].location == "shop/Deployment/web: app/key.pem"


def test_several_images_of_one_resource_are_told_apart(read, sample):
    resource = sample("k8s")["Resources"][0]
    other = {
        "Target": "acme/side:2 (debian 12)",
        "Class": "os-pkgs",
        "Type": "debian",
        "Vulnerabilities": resource["Results"][0]["Vulnerabilities"],
    }
    resource["Results"].append(other)
    resource["Metadata"].append({"RepoTags": ["acme/side:2"]})
    report = read({"ClusterName": "prod", "Resources": [resource]})
    assert [r.asset.name for r in report.records()] == ["acme/shop", "acme/shop", "acme/side"]


@pytest.mark.parametrize(
    ("kind", "name", "path"),
    [
        ("ReplicaSet", "web-5d4f8c7b9d", "ns/Deployment/web"),
        ("ReplicaSet", "web-965685897", "ns/Deployment/web"),
        ("ReplicaSet", "web-frontend", "ns/ReplicaSet/web-frontend"),
        ("Job", "backup-29012345", "ns/CronJob/backup"),
        ("Job", "report-20240101", "ns/Job/report-20240101"),
        ("StatefulSet", "db-965685897", "ns/StatefulSet/db-965685897"),
    ],
)
def test_a_workload_keeps_its_name_over_rollouts(kind, name, path):
    assert workload("prod", "ns", kind, name).path == path


def test_an_operators_vulnerability_report_covers_one_image_of_one_container(read):
    report = read("operator-vulnerability")
    assert report.as_of.isoformat() == "2026-03-02T00:00:00+00:00"
    (scope,) = report.scopes
    assert scope.key == "operator:shop/Deployment/web/app/image:docker.io/acme/shop"
    assert (scope.kind, scope.looked, scope.version) == (RecordKind.VULNERABILITY, True, DIGEST)
    one, by_purl, by_family = report.records()
    assert one.package == by_purl.package
    assert by_family.package.key == "pkg:apk/alpine/busybox"
    assert one.position == "report.vulnerabilities[0]"
    assert {
        "namespace": "shop",
        "kind": "Deployment",
        "name": "web",
        "container": "app",
        "tag": "1.4",
    }.items() <= one.occurrence.items()
    assert (one.advisory.cvss[0].by, one.advisory.cvss[0].score) == ("trivy", 9.8)


def test_the_same_finding_from_a_report_and_from_the_operator_is_one(read):
    from_operator = next(read("operator-vulnerability").records())
    from_cluster = next(read("k8s").records())
    assert (from_operator.id, from_operator.asset, from_operator.package, from_operator.location) == (
        from_cluster.id,
        from_cluster.asset,
        from_cluster.package,
        from_cluster.location,
    )


def test_an_operators_checks_are_open_until_they_succeed(read):
    report = read("operator-config", asset="cluster:prod")
    assert report.scopes[0].key == "cluster:prod/operator:shop/Deployment/web"
    failed, passed = report.records()
    assert (failed.id, failed.asset.external_id, failed.open) == ("trivy:KSV-0014", "prod/shop/Deployment/web", True)
    assert (passed.open, passed.end_reason) == (False, EndReason.REPORTED_FIXED)
    assert next(read("operator-config").records()).asset.external_id == "-/shop/Deployment/web"


def test_an_operators_secrets_are_on_the_image_without_values(read):
    (found,) = read("operator-secret").records()
    assert (found.id, found.asset.external_id, found.location) == (
        "trivy:acme-token",
        "docker.io/acme/shop",
        "app/config.yaml",
    )
    assert "SECRETVALUE" not in repr(found)


def test_a_compliance_report_repeats_others_and_says_nothing_itself(read):
    report = read("operator-compliance")
    assert (report.size, list(report.records()), report.scopes) == (0, [], ())


def test_a_list_and_an_array_hold_a_report_for_each_resource(sample):
    resources = [sample("operator-vulnerability"), sample("operator-config"), sample("operator-compliance")]
    for document in (resources, {"apiVersion": "v1", "kind": "List", "items": resources}):
        reports = list(SOURCE.reports(json.dumps(document).encode(), Hints()))
        assert [report.size for report in reports] == [3, 2, 0]
    assert next(reports[1].records()).position == "items[1].report.checks[0]"


def test_checks_of_an_operator_on_one_hinted_asset_do_not_share_a_scope(sample):
    one, other = sample("operator-config"), sample("operator-config")
    other["metadata"]["labels"]["trivy-operator.resource.name"] = "api"
    hints = Hints(asset=AssetRef("product", "shop", "shop"))
    keys = {report.scopes[0].key for report in SOURCE.reports(json.dumps([one, other]).encode(), hints)}
    assert len(keys) == 2
