"""Imports: hand a report in, then ask how its reading goes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query
from pydantic import ConfigDict, Field

from kairan.domain.errors import ConfigError
from kairan.domain.rights import Right
from kairan.runtime import clock
from kairan.services import uploads
from kairan.store.queries import uploads as queries
from kairan.web.api import problems
from kairan.web.api.access import caller_of
from kairan.web.api.fields import Answer, Instant, Number, Text
from kairan.web.api.operations import Operations
from kairan.web.api.problems import ProblemError
from kairan.web.api.requests import Body, invalid

operations = Operations("imports")
FORM = "multipart/form-data"
_CHUNK = 1 << 20
_PLAIN = ("application/json", "application/*+json", "application/octet-stream", "application/gzip", "application/zstd")


class Progress(Answer):
    read: int
    total: int = Field(description="0: not known yet.")


class Import(Answer):
    """A report on its way. Ask again until `state` is `done` or `failed`."""

    id: int
    state: str = Field(description="waiting, reading, done or failed.", examples=["reading"])
    name: str = Field(examples=["report.json"])
    size: int = Field(description="In bytes.")
    person: str = Field(description="Who handed it in.")
    options: Mapping[str, Any]
    progress: Progress
    counts: Mapping[str, Any] = Field(description="What the import did; empty until it is done.")
    error: str = Field(description="Why it failed.")
    runs: Sequence[int]
    created_at: Instant
    started_at: Instant | None
    finished_at: Instant | None


class Options(Answer):
    """What is not in the report itself."""

    model_config = ConfigDict(extra="forbid")

    source: Text | None = Field(None, max_length=100, description="The source's kind, where it is not recognised.")
    asset: Text | None = Field(None, max_length=2_000, description="KIND:NAME, where the report names no asset.")
    as_of: Text | None = Field(
        None, max_length=100, description="Of when the report is, where it does not say: ISO 8601, UTC if no zone."
    )
    complete: bool | None = Field(None, description="Does the report name all there is? What it does not name is gone.")
    name: Text | None = Field(None, max_length=255, description="The file's name.")


_LOCATION = {"required": True, "description": "The job to poll.", "schema": {"type": "string"}}
_BODY = {
    "required": True,
    "description": "The report itself, packed (gzip, zstd) or not; or a form with it as `report`.",
    "content": {
        "application/json": {"schema": {"description": "A report."}, "example": {"SchemaVersion": 2, "Results": []}},
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        FORM: {
            "schema": {
                "type": "object",
                "properties": {"report": {"type": "string", "format": "binary"}},
                "required": ["report"],
            }
        },
    },
}


@operations.post(
    "",
    right=Right.IMPORT,
    answers={202: Import},
    body=Body((*_PLAIN, FORM), most=None),
    wrong=(problems.BUSY,),
    more={"requestBody": _BODY, "responses": {202: {"headers": {"Location": _LOCATION}}}},
)
def import_report(request: HttpRequest, response: HttpResponse, options: Query[Options]) -> Import:
    """Hand a report in

    It is read as soon as a worker is free. The answer says where to ask how it goes.
    """
    caller = caller_of(request)
    name, chunks = _report(request, options.name)
    said = options.model_dump(exclude={"name"}, exclude_none=True)
    try:
        number = uploads.receive(name, chunks, said, caller.person_id, clock.now(), origin=caller.origin)
    except uploads.TooLarge as error:
        raise ProblemError(problems.TOO_LARGE, str(error)) from None
    except ConfigError as error:
        raise invalid([{"where": "query", "message": str(error)}]) from None
    response.headers["Location"] = f"/api/v1/imports/{number}"
    return _found(number)


@operations.get("/{number}", right=Right.IMPORT, answers=Import, wrong=(problems.NOT_FOUND,))
def get_import(request: HttpRequest, number: Path[Number]) -> Import:
    """Show how an import goes"""
    return _found(number)


def _report(request: HttpRequest, name: str | None) -> tuple[str, Iterator[bytes]]:
    """The report's name and its bytes, piece by piece, from a form or as the body."""
    if request.content_type != FORM:
        return name or "report", _pieces(request)
    unknown = [field for field in (*request.POST, *request.FILES) if field != "report"]
    files = request.FILES.getlist("report")
    if unknown or len(files) != 1:
        said = f"not {unknown[0]!r}: options go into the address" if unknown else f"not {len(files)}"
        raise invalid([{"where": "body.report", "message": f"the form holds one file, `report`, {said}"}])
    return name or files[0].name or "report", _pieces(files[0])


def _pieces(of: HttpRequest | IO[bytes] | Any) -> Iterator[bytes]:
    while chunk := of.read(_CHUNK):
        yield chunk


def _found(number: int) -> Import:
    found = queries.find(number)
    if found is None:
        raise ProblemError(problems.NOT_FOUND, f"there is no import {number}")
    return Import(
        id=found.id,
        state=found.state,
        name=found.name,
        size=found.size,
        person=found.person,
        options=found.options,
        progress=Progress(read=found.read, total=found.total),
        counts=found.counts if found.state == "done" else {},
        error=found.error,
        runs=found.runs,
        created_at=found.created_at,
        started_at=found.started_at,
        finished_at=found.finished_at,
    )
