"""The API put together: its operations, and what becomes of everything that goes wrong in one."""

from collections.abc import Callable
from typing import Any

import structlog
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.urls import URLResolver
from django.urls.resolvers import RoutePattern
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.operation import Operation
from psycopg.errors import QueryCanceled

from kairan.domain.errors import DatabaseError, ForbiddenError, IllegalTransition, QueryError
from kairan.services.triage import ChoiceError, NoSuchCaseError
from kairan.store.connection import gave_up
from kairan.web.api import (
    assets,
    case_care,
    cases,
    deliveries,
    document,
    findings,
    held,
    imports,
    me,
    problems,
    runs,
    teams,
    vulnerabilities,
    why,
)
from kairan.web.api.access import Closed, Guard
from kairan.web.api.problems import ProblemError
from kairan.web.api.requests import invalid

_ROUTERS = {
    "/findings": findings.operations,
    "/counts": findings.counts,
    "/coverage": why.coverage,
    "/noise": why.noise,
    "/vulnerabilities": vulnerabilities.operations,
    "/assets": assets.operations,
    "/cases": cases.operations,
    "/cases/{number}": case_care.operations,
    "/decisions": cases.decisions,
    "/bulk-decisions": cases.bulk_decisions,
    "/destinations": deliveries.destinations,
    "/deliveries": deliveries.operations,
    "/teams": teams.operations,
    "/runs": runs.operations,
    "/held": held.operations,
    "/imports": imports.operations,
    "/me": me.operations,
    "/problems": me.meanings,
    "/openapi.json": document.operations,
}
_log = structlog.get_logger("kairan.api")


def make() -> NinjaAPI:
    """The API. Without ninja's own pages: they load scripts from another host."""
    api = NinjaAPI(
        title="Kairan",
        version="1",
        description=document.ABOUT,
        docs_url=None,
        openapi_url=None,
        urls_namespace="api",
        auth=[Closed()],
    )
    for prefix, operations in _ROUTERS.items():
        api.add_router(prefix, operations.router)
    for error, told in _TOLD.items():
        api.add_exception_handler(error, _handler(told))
    for operation in operations_of(api):
        for guard in operation.auth_callbacks:
            if isinstance(guard, Guard):
                guard.parameters = _parameters(operation)
    return api


def operations_of(api: NinjaAPI) -> list[Operation]:
    """Every operation, as it is bound to its address: `methods` and `path` say which."""
    # Ninja keeps the tables of its operations to itself; of the routers given to it only bound copies know their paths.
    views = [view for router in api._get_bound_routers() for view in router.path_operations.values()]
    return [operation for view in views for operation in view.operations]


def _parameters(operation: Operation) -> frozenset[str]:
    """The names that the operation's query may hold."""
    asked = [model for model in operation.models if model.__ninja_param_source__ == "query"]
    return frozenset(name for model in asked for name in model.__ninja_flatten_map__)


# --- what goes wrong -------------------------------------------------------------------------------------------------


def _handler(told: Callable[[Exception], ProblemError]) -> Callable[[HttpRequest, Any], HttpResponse]:
    return lambda request, error: problems.answer(told(error))


def _itself(error: Exception) -> ProblemError:
    assert isinstance(error, ProblemError)
    return error


def _query(error: Exception) -> ProblemError:
    assert isinstance(error, QueryError)
    return ProblemError(problems.BAD_QUERY, str(error), members={"position": error.position})


def _validation(error: Exception) -> ProblemError:
    assert isinstance(error, ValidationError)
    return invalid([_place(each) for each in error.errors])


def _choice(error: Exception) -> ProblemError:
    assert isinstance(error, ChoiceError)
    return invalid([{"where": f"body.{name}", "message": error.message_of(name)} for name in error.wrong])


def _place(error: dict[str, object]) -> dict[str, str]:
    """`query.limit` of ninja's `("query", "asked", "limit")`: the name of our own variable is nobody's business."""
    found = error["loc"]
    source, *path = found if isinstance(found, list | tuple) else (found,)
    return {"where": ".".join(map(str, (source, *(path[1:] or path)))), "message": str(error["msg"])}


def _database(error: Exception) -> ProblemError:
    if gave_up(error):
        return ProblemError(problems.TOO_SLOW)
    _log.error("the database cannot be reached", reason=str(error).partition("\n")[0])
    return ProblemError(problems.UNAVAILABLE, headers={"Retry-After": "5"})


def _failed(error: Exception) -> ProblemError:
    _log.error("a request to the API failed", exc_info=error)
    return ProblemError(problems.FAILED)


_TOLD: dict[type[Exception], Callable[[Exception], ProblemError]] = {
    Exception: _failed,
    ProblemError: _itself,
    QueryError: _query,
    ValidationError: _validation,
    ForbiddenError: lambda error: ProblemError(problems.FORBIDDEN, str(error)),
    NoSuchCaseError: lambda error: ProblemError(problems.NOT_FOUND, str(error)),
    ChoiceError: _choice,
    IllegalTransition: lambda error: ProblemError(problems.CONFLICT, str(error)),
    DatabaseError: _database,
    OperationalError: _database,
    InterfaceError: _database,
    QueryCanceled: _database,
    Http404: lambda _: ProblemError(problems.NOT_FOUND),
    HttpError: lambda _: ProblemError(problems.BAD_REQUEST, "the body is no JSON"),
    RequestDataTooBig: lambda _: ProblemError(problems.TOO_LARGE),
    SuspiciousOperation: lambda _: ProblemError(problems.BAD_REQUEST),
    BadRequest: lambda _: ProblemError(problems.BAD_REQUEST),
    MultiPartParserError: lambda _: ProblemError(problems.BAD_REQUEST, "the form is not well-formed"),
}
api = make()
resolver = URLResolver(RoutePattern("v1/"), api.urls[0])
