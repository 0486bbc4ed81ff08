"""What is ours, what cannot be read, what is taken out before anything is kept; and nothing else is ever raised."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kairan.domain.errors import SourceError
from kairan.domain.finding import AssetRef, Rejected
from kairan.interfaces import registry
from kairan.interfaces.source import Hints, Shape, Source
from kairan.sources.trivy import SOURCE

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.json"))


def shape_of(document):
    first = document[0] if isinstance(document, list) and document else document
    members = first if isinstance(first, dict) else {}
    type_ = {dict: "object", list: "array", type(None): "null"}.get(type(document), "scalar")
    scalars = {key: value for key, value in members.items() if isinstance(value, str | int | float | bool)}
    return Shape(type_, frozenset(members), scalars, len(document or ()))


def test_the_registry_finds_the_source():
    assert registry.source("trivy") is SOURCE
    assert isinstance(SOURCE, Source)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_is_recognised(path):
    assert SOURCE.recognises(shape_of(json.loads(path.read_text())))


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        "text",
        {"$schema": "x", "version": "2.1.0", "runs": []},
        {"bomFormat": "CycloneDX", "metadata": {}, "vulnerabilities": []},
        {"version": "15.0.7", "scan": {}, "vulnerabilities": [], "remediations": []},
        {"message": "Not Found", "status": "404"},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {}},
        {"apiVersion": "aquasecurity.github.io/v1alpha1", "kind": "Unheard", "report": {}},
        {"SchemaVersion": "2018-10-08", "Findings": []},
        [{"id": "CVE-2026-1", "affected": []}],
        {"Results": [], "Summary": {}},
    ],
)
def test_documents_of_others_and_empty_ones_are_not_claimed(document):
    assert not SOURCE.recognises(shape_of(document))


@pytest.mark.parametrize("data", [b"null", b"[]", b"{}", b" \n[ ]\n"])
def test_an_empty_document_needs_to_be_told_whose_it_is(data):
    with pytest.raises(SourceError, match="--asset KIND:NAME"):
        list(SOURCE.reports(data, Hints()))
    (report,) = SOURCE.reports(data, Hints(asset=AssetRef("host", "web-1", "web-1")))
    assert (report.size, list(report.records()), len(report.scopes)) == (0, [], 4)
    assert not any(scope.looked for scope in report.scopes)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "truncated"),
        (b"{", "truncated"),
        (b"7", "expected array"),
        (b"\xff\xfe", "malformed"),
        (b'{"SchemaVersion":2,"ArtifactName":"a","Results":"x"}', "Results: expected array"),
        (
            b'{"SchemaVersion":2,"ArtifactName":"a","Results":[{"Vulnerabilities":{}}]}',
            r"Results\[0\].Vulnerabilities: expected array",
        ),
        (b'{"SchemaVersion":2,"ArtifactName":7}', "ArtifactName: expected str"),
        (
            b'{"ClusterName":"a","Vulnerabilities":[{"Results":7}]}',
            r"Vulnerabilities\[...\].Results|Vulnerabilities.*Results",
        ),
        (b'{"runs":[],"version":"2.1.0"}', "no report of Trivy: it has the fields runs, version"),
        (
            b'{"apiVersion":"v1","kind":"List","items":[{"kind":"Pod"}]}',
            r"items\[0\] is no report of the Trivy operator",
        ),
        (b'{"SchemaVersion":2,"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_field(data, message):
    with pytest.raises(SourceError, match=message):
        list(SOURCE.reports(data, Hints()))


def test_text_that_is_no_utf8_rejects_its_record_only():
    vulnerability = b'{"VulnerabilityID":"CVE-2026-1","PkgName":"a"}'
    frame = b'{"ArtifactName":"a:1","ArtifactType":"container_image","Results":[%s]}'
    data = frame % b'{"Class":"os-pkgs","Vulnerabilities":[%s,%s]}'
    (report,) = SOURCE.reports(data % (vulnerability.replace(b'"a"', b'"\xff"'), vulnerability), Hints())
    bad, good = report.records()
    assert (bad.reason, good.id) == ("the text is not UTF-8", "CVE-2026-1")


@pytest.mark.parametrize("name", ["image", "k8s", "k8s-old", "operator-secret"])
def test_values_of_secrets_are_taken_out_and_the_rest_stays(name):
    data = (Path(__file__).parent / "samples" / f"{name}.json").read_bytes()
    clean = SOURCE.redacted(data)
    assert b"SECRETVALUE" in data
    assert b"SECRETVALUE" not in clean
    before, after = ([list(r.records()) for r in SOURCE.reports(d, Hints())] for d in (data, clean))
    assert before == after
    assert SOURCE.redacted(clean) is None  # nothing left to take out


def test_values_of_secrets_are_taken_out_of_arrays_lists_and_suppressed_findings():
    secret = {"RuleID": "r", "Match": "SECRETVALUE", "Code": {"Lines": [{"Content": "SECRETVALUE"}]}}
    report = {"kind": "ExposedSecretReport", "report": {"secrets": [{"match": "SECRETVALUE"}]}}
    for document in (
        [{"Target": "a", "Secrets": [secret]}],
        {"Results": [{"ExperimentalModifiedFindings": [{"Type": "secret", "Finding": secret}]}]},
        {"Results": [{"ExperimentalModifiedFindings": [{"Finding": secret}]}]},
        {"items": [report]},
        [report],
        {"Results": [{"Secrets": secret}]},
    ):
        assert b"SECRETVALUE" not in SOURCE.redacted(json.dumps(document).encode())


@pytest.mark.parametrize("name", ["repository", "legacy", "operator-vulnerability", "operator-config"])
def test_a_document_without_secrets_is_left_alone(name):
    assert SOURCE.redacted((Path(__file__).parent / "samples" / f"{name}.json").read_bytes()) is None


def everything(data: bytes, hints: Hints) -> None:
    for report in SOURCE.reports(data, hints):
        count = 0
        for record in report.records():
            count += 1
            assert isinstance(record, Rejected) or record.scope < len(report.scopes)
        assert count == report.size
        assert list(report.advisories()) == []
    SOURCE.redacted(data)


def places(value, path=()):
    yield path
    for key, child in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(child, (*path, key))


def replaced(value, path, new):
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.just([]),
    st.just({}),
    st.just([None]),
    st.just([{}]),
    st.just({"Target": []}),
    st.just("pkg:npm/@"),
    st.just("pkg:a/b@c"),
    st.sampled_from(["", " ", "a:b:c", "@", "x (y)", "pkg:", "9999-12-31T23:59:59Z", "-1", "image@sha256:" + "0" * 64]),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_changed_report_raises_nothing_but_a_source_error(data):
    document = json.loads(data.draw(st.sampled_from(SAMPLES)).read_text())
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(places(document))))
        document = replaced(document, path, data.draw(odd))
    hints = Hints(asset=data.draw(st.sampled_from([None, AssetRef("cluster", "c", "c"), AssetRef("host", "h", "h")])))
    with contextlib.suppress(SourceError):
        everything(json.dumps(document).encode(), hints)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(SAMPLES), st.integers(0, 4000), st.binary(max_size=3))
def test_damaged_bytes_raise_nothing_but_a_source_error(path, at, noise):
    whole = path.read_bytes()
    at = min(at, len(whole))
    for damaged in (whole[:at] + noise + whole[at + len(noise) :], whole[:at] + noise):
        with contextlib.suppress(SourceError):
            everything(damaged, Hints())
