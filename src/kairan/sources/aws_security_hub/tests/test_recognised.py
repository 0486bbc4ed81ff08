"""What is ours and what is named as something else."""

import json

import pytest

from kairan.domain.errors import SourceError
from kairan.services.recognise import recognise
from kairan.sources.aws_security_hub import SOURCE

EVENT = {"detail-type": "x", "source": "aws.securityhub", "time": "2026-05-01T00:00:00Z"}


def told(document) -> memoryview:
    return memoryview(document if isinstance(document, bytes) else json.dumps(document).encode())


@pytest.mark.parametrize(
    ("document", "name"),
    [
        ({"platform": {}, "profiles": [], "statistics": {}, "version": "1"}, "Heimdall"),
        ({"Findings": [{"class_uid": 2002, "metadata": {}}]}, "OCSF"),
        ({"class_uid": 2002, "metadata": {}}, "OCSF"),
        (EVENT | {"detail": {"insightResults": [], "insightName": "x"}}, "insight"),
        (EVENT | {"source": "aws.inspector2", "detail": {"findingArn": "x"}}, "EventBridge"),
        ({"findings": [{"findingArn": "x"}]}, "no source knows"),
        ({"status_code": 200, "data": {"findings": [{"findingArn": "x"}]}}, "no source knows"),
        (b'{"runs": [], "version": "2"}\n{"runs": [], "version": "2"}', "SARIF"),
        (b'{"id": "OSV-1", "affected": []}\n{"id": "OSV-2", "affected": []}', "more than one JSON document"),
        (b'{"SchemaVersion": 2, "Results": []}\n{"SchemaVersion": 2, "Results": []}', "more than one JSON document"),
    ],
)
def test_others_are_named(document, name):
    with pytest.raises(SourceError, match=name):
        recognise(told(document), None)


@pytest.mark.parametrize("document", [{"Findings": []}, {"status_code": 200, "data": {"Findings": []}}])
def test_an_empty_answer_is_ours_and_holds_nothing(document, reports):
    assert recognise(told(document), None) is SOURCE
    (report,) = reports(document)
    assert (report.size, list(report.scopes), list(report.records())) == (0, [], [])


def test_events_in_ocsf_are_refused(reports):
    with pytest.raises(SourceError, match="OCSF"):
        reports(EVENT | {"detail": {"findings": [{"class_uid": 2004, "metadata": {}}]}})


def test_an_object_that_is_no_finding_is_an_error(reports):
    with pytest.raises(SourceError, match="holds no Security Hub finding: it has the fields a, b"):
        reports({"a": 1, "b": 2})
