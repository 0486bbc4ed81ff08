"""The API lets in whom the table of rights lets in, operation by operation; a new one without a right is refused."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import URLResolver
from django.urls.resolvers import RoutePattern
from ninja import Router

from kairan.domain.rights import Right, Role, TokenScope, may
from kairan.web.api import access, app
from kairan.web.api.access import Guard
from kairan.web.api.rates import Buckets
from tests.web.api import V1, script_of

ARGUMENTS = {"{number}": "1", "{part}": "1", "{path:identifier}": "CVE-2026-10001", "{slug}": "not-found"}


_PREFIXES = {"findings": "F-", "cases": "C-"}


def operations() -> Iterator[tuple[str, str, Right | None]]:
    """(method, path, right) of every operation, from the API's own map."""
    for router in app.api._get_bound_routers():
        for place, view in router.path_operations.items():
            for operation in view.operations:
                [guard] = operation.auth_callbacks
                assert isinstance(guard, Guard), f"{place} declares no right"
                address = router.prefix + place
                for name, value in ARGUMENTS.items():
                    address = address.replace(name, _PREFIXES.get(address.split("/")[1], "") + value)
                yield operation.methods[0], address, guard.right


def test_only_these_operations_are_open_to_anyone() -> None:
    assert {place for _, place, right in operations() if right is None} == {"/openapi.json", "/problems/not-found"}


@pytest.mark.parametrize("scope", TokenScope)
@pytest.mark.parametrize("role", [*Role, "unheard-of"])
def test_each_token_opens_exactly_what_role_and_scope_open(
    role: str, scope: str, person: Any, street: Any, archive_home: Any
) -> None:
    script = script_of(person(role), scope)
    for method, place, right in operations():
        answer = script.send(method, place)
        kind = answer.json().get("type", "").rpartition("/")[2] if answer.status_code >= 400 else ""
        if right is None:
            assert answer.status_code == 200, place
        elif not may(role, right):
            assert (answer.status_code, kind) == (403, "forbidden"), place
        elif method != "GET" and scope == "read":
            assert (answer.status_code, kind) == (403, "insufficient-scope"), place
            assert 'scope="write"' in answer["WWW-Authenticate"]
        else:
            assert answer.status_code in (200, 202, 400, 404, 415, 422), (place, answer.content)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer kairan_" + "a" * 51},
        {"Authorization": "Bearer"},
        {"Authorization": ""},
        {"Authorization": "Basic aGFuYWtvOng="},
        {"Authorization": "Bearer \ud83d"},
    ],
)
def test_without_a_token_that_counts_nothing_opens(headers: dict[str, str], db: None) -> None:
    for method, place, right in operations():
        answer = Client().generic(method, V1 + place, headers=headers)
        if right is not None:
            assert answer.status_code == 401, place
            assert answer["WWW-Authenticate"].startswith('Bearer realm="Kairan"')
            assert answer["Content-Type"] == "application/problem+json"


def test_a_token_that_ended_is_not_made_up_for_by_a_cookie(viewer: Client) -> None:
    assert viewer.get(f"{V1}/me").json()["role"] == "viewer"
    assert viewer.get(f"{V1}/me", headers={"Authorization": "Bearer kairan_x"}).status_code == 401


def test_a_browser_changes_things_only_with_the_csrf_token(person: Any, street: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person("triager"))
    said = {"data": '{"decision": "keep"}', "content_type": "application/json"}
    for headers in ({}, {"X-CSRFToken": "x" * 32}, {"X-CSRFToken": "x" * 64}):
        answer = client.post(f"{V1}/held/1/decision", **said, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (403, "/api/v1/problems/csrf")
    secret = "a" * 32
    client.cookies["csrftoken"] = secret
    assert client.post(f"{V1}/held/1/decision", **said, headers={"X-CSRFToken": secret}).status_code == 404


def test_an_operation_without_a_declared_right_is_refused(person: Any, monkeypatch: Any) -> None:
    forgotten = Router()

    @forgotten.get("/forgotten")
    def undeclared(request: Any) -> str:
        raise AssertionError("reached")

    monkeypatch.setenv("NINJA_SKIP_REGISTRY", "yes")  # two of them in one process
    monkeypatch.setattr(app, "_ROUTERS", {"": SimpleNamespace(router=forgotten)})
    monkeypatch.setattr(app, "resolver", URLResolver(RoutePattern("v1/"), app.make().urls[0]))
    answer = script_of(person("administrator")).get("/forgotten")
    assert (answer.status_code, answer.json()["detail"]) == (403, "this operation declares no right")


def test_someone_who_asks_too_often_waits(person: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(access, "_buckets", Buckets(3))
    someone = person("viewer")
    scripts = [script_of(someone), script_of(someone)]
    left = [scripts[n % 2].get("/me")["RateLimit"] for n in range(3)]
    assert [each.partition(";t=")[0] for each in left] == ['"minute";r=2', '"minute";r=1', '"minute";r=0']
    refused = scripts[0].get("/me")
    assert (refused.status_code, refused.json()["type"]) == (429, "/api/v1/problems/too-many-requests")
    assert 1 <= int(refused["Retry-After"]) <= 20
    assert script_of(person("member")).get("/me").status_code == 200


def test_a_bucket_fills_again_and_full_ones_are_forgotten() -> None:
    buckets = Buckets(60)
    assert [bool(buckets.take("a", 0.0).wait) for _ in range(61)] == [False] * 60 + [True]  # type: ignore[union-attr]
    assert buckets.take("a", 1.5).wait == 0  # type: ignore[union-attr]
    for number in range(10_001):
        buckets.take(str(number), 100.0)
    assert len(buckets._filled) <= 10_001
    assert Buckets(0).take("a", 0.0) is None
