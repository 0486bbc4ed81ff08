"""The API keeps to its OpenAPI document, whatever it is sent: schemathesis tries."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from kairan.web.api import access
from kairan.web.api.document import document
from kairan.web.api.rates import Buckets
from tests import cases
from tests.web.api import Script, script_of
from tests.web.conftest import NOW

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.unsupported_method,
    checks.negative_data_rejection,
]
BOUNDED = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


schema = schemathesis.openapi.from_dict(dict(document()))


@pytest.fixture
def one_connection(db: None) -> Iterator[None]:
    """A request ends without ending the test's transaction, as in Django's own test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def administrator(person: Any) -> Script:
    return script_of(person("administrator"))


@pytest.fixture
def street_with_everything(one_connection: None, street: Any, monkeypatch: Any, archive_home: Any) -> dict[str, Any]:
    """Something behind every address, so that answers hold more than empty lists: the numbers of it."""
    from kairan.store.models import Delivery, HeldClosing, Ownership, Reject, Sighting, Team, Upload

    monkeypatch.setattr(access, "_buckets", Buckets(0))
    for number in range(3):
        finding = street.finding(id=f"CVE-2026-{number}", asset=f"shop-{number}", open=bool(number))
    run = street.run(source=street.source, as_of=NOW, counts={"opened": 3})
    Reject.objects.create(run=run, position="[0]", kind="vulnerability", reason="no id", raw="{}")
    sightings = list(Sighting.objects.filter(is_live=True).values_list("pk", flat=True))
    held = HeldClosing.objects.create(
        scope=street.scope, run=run, as_of=NOW, reason="fewer", sightings=sightings, fingerprint=b"x"
    )
    upload = Upload.objects.create(name="a.json", size=2, stored="", state="done", created_at=NOW, counts={"opened": 1})
    team = Team.objects.create(key="web", name="Web", settings={"channels": {"slack": {"id": "C1"}}, "others": ["x"]})
    Ownership.objects.create(position=1, matches={"repository": ["acme/*"]}, team=team)
    opened, bulk = _cases(finding)
    rows = {"case": opened, "bulk": bulk, "run": run, "held": held, "upload": upload, "finding": finding}
    told = {"key": "test", "destination": "preview", "channel": "psirt", "purpose": "test", "marker": uuid4()}
    rows["delivery"] = Delivery.objects.create(**told, priority=0, state="sent", created_at=NOW, not_before=NOW)
    rows["asset"] = finding.asset
    return {name: row.pk for name, row in rows.items()} | {"team": "web"}


def _cases(finding: Any) -> tuple[Any, Any]:
    """A case with a decision, and a bulk decision with a refusal."""
    from kairan.services import bulk, triage
    from kairan.services.actor import Actor
    from kairan.store.models import BulkDecision

    made = cases.case(cases.team("pay"), findings=[finding])
    choice = triage.Choice("deferred", until="fix", evidence=(triage.Evidence(link="https://a.example"),))
    triage.decide(cases.part(made).pk, choice, Actor("root"), NOW)
    number = bulk.start("", [cases.part(made).pk, 999_999], triage.Choice("triaging"), Actor("root"), NOW)
    bulk.work(lambda: NOW)
    return made, BulkDecision.objects.get(pk=number)


def call(case: Any, headers: dict[str, str]) -> None:
    case.call_and_validate(app=WSGIHandler(), base_url="http://localhost", headers=headers, checks=CHECKS)


@schema.parametrize()
@BOUNDED
def test_an_administrators_token_meets_nothing_undocumented(
    case: Any, administrator: Script, street_with_everything: dict[str, int]
) -> None:
    call(case, administrator.headers)


@schema.parametrize()
@BOUNDED
def test_without_a_token_neither(case: Any, street_with_everything: dict[str, int]) -> None:
    call(case, {})


WITH_ANSWERS = {
    "/findings": {},
    "/findings/{number}": {"number": "F-{finding}"},
    "/counts": {"by": "severity,source,package"},
    "/vulnerabilities/{identifier}": {"identifier": "CVE-2026-1"},
    "/vulnerabilities/{identifier}/assets": {"identifier": "CVE-2026-1"},
    "/teams": {},
    "/teams/{key}": {"key": "{team}"},
    "/findings/{number}/why": {"number": "F-{finding}"},
    "/destinations": {},
    "/deliveries": {},
    "/deliveries/{number}": {"number": "{delivery}"},
    "/coverage": {},
    "/noise": {},
    "/assets": {},
    "/assets/{number}": {"number": "{asset}"},
    "/runs": {},
    "/runs/{number}": {"number": "{run}"},
    "/runs/{number}/rejects": {"number": "{run}"},
    "/held": {},
    "/held/{number}": {"number": "{held}"},
    "/imports/{number}": {"number": "{upload}"},
    "/cases": {},
    "/cases/{number}": {"number": "C-{case}"},
    "/cases/{number}/events": {"number": "C-{case}"},
    "/bulk-decisions/{number}": {"number": "{bulk}"},
    "/me": {},
    "/problems/{slug}": {"slug": "bad-query"},
    "/openapi.json": {},
}


def test_the_table_of_answers_is_complete() -> None:
    told = document()["paths"]
    assert {"/api/v1" + path for path in WITH_ANSWERS} == {path for path in told if "get" in told[path]}


@pytest.mark.parametrize("path", WITH_ANSWERS)
def test_answers_that_hold_something_fit_the_document(
    path: str, administrator: Script, street_with_everything: dict[str, int]
) -> None:
    operation = schema["/api/v1" + path]["GET"]
    values = {name: text.format(**street_with_everything) for name, text in WITH_ANSWERS[path].items()}
    in_path = {name: value for name, value in values.items() if f"{{{name}}}" in path}
    query = {name: value for name, value in values.items() if name not in in_path}
    case = operation.Case(path_parameters=in_path, query=query)
    answer = case.call(app=WSGIHandler(), base_url="http://localhost", headers=administrator.headers)
    assert answer.status_code == 200
    case.validate_response(answer, checks=CHECKS)
