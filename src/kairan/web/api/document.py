"""The OpenAPI document: what ninja knows of the operations, and what every one of them has in common."""

import re
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from kairan.web.api import problems
from kairan.web.api.examples import example
from kairan.web.api.operations import Operations

ABOUT = """Everything that the pages show and do, for scripts.

Send `Authorization: Bearer TOKEN` with a token of your account page. A token may what its person's role may, and with
the scope `read` only look. Someone who is logged in by a browser may also look without one.

Lists come page by page: `next` (and the header `Link`) leads on. Times are UTC. Whatever goes wrong is answered as
Problem Details (RFC 9457), `application/problem+json`; the `type` leads to what it means. One person has a number of
requests a minute; `RateLimit` says how many are left.

New members may join the answers of this version at any time; none will be taken away or change its meaning.
"""
operations = Operations("openapi")
_ERROR = {
    "type": "object",
    "properties": {
        "where": {"type": "string", "examples": ["query.limit"]},
        "message": {"type": "string"},
    },
    "required": ["where", "message"],
}
_PROBLEM = {
    "title": "Problem",
    "description": "What went wrong (RFC 9457).",
    "type": "object",
    "properties": {
        "type": {"type": "string", "description": "Which kind; leads to what it means."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "position": {"type": "integer", "description": "Where in `q`, from 0 (`bad-query`)."},
        "errors": {"type": "array", "items": _ERROR, "description": "What is wrong where (`invalid`)."},
    },
    "required": ["type", "title", "status"],
}
_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": "A token of your account page."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "Someone who is logged in by a browser. Changes also need the header `X-CSRFToken`.",
    },
}
_TAGS = {
    "cases": "What belongs together, with what each team decided of it.",
    "findings": "One vulnerability on one asset and package.",
    "vulnerabilities": "One problem, with all its ids.",
    "assets": "Images, repositories, hosts, cloud resources.",
    "teams": "Who looks after what.",
    "runs": "What was read, and what became of it.",
    "held": "Closings that wait for a person.",
    "imports": "Handing reports in.",
    "me": "Who the token stands for.",
    "problems": "What problems mean.",
    "openapi": "This document.",
}


@operations.get("", right=None, answers=Mapping[str, Any])
def get_openapi(request: HttpRequest) -> HttpResponse:
    """Describe the API

    Open to anyone: it holds nothing but what stands in the reference.
    """
    return JsonResponse(document(), json_dumps_params={"ensure_ascii": False})


@cache
def document() -> Mapping[str, Any]:
    """The OpenAPI document, complete."""
    from kairan.web.api.app import api  # which puts this very operation into it

    told: dict[str, Any] = dict(api.get_openapi_schema(path_prefix="/api/v1/"))
    schemas = told["components"]["schemas"]
    schemas["Problem"] = _PROBLEM
    for path in told["paths"].values():
        for operation in path.values():
            _complete(operation)
            _exemplify(operation, schemas)
    told["components"]["schemas"] = _used(told, schemas)
    told["components"]["securitySchemes"] = _SCHEMES
    told["tags"] = [{"name": name, "description": text} for name, text in _TAGS.items()]
    told["servers"] = [{"url": "/", "description": "This Kairan."}]
    return told


def _complete(operation: dict[str, Any]) -> None:
    """Summary and description, security, problems, headers of one operation."""
    summary, _, more = operation.pop("description", "").partition("\n")
    right = operation.pop("x-right")
    scope = "write" if "requestBody" in operation else "read"
    operation["summary"] = summary.strip()
    operation["description"] = "\n\n".join(filter(None, (more.strip(), _needed(right, scope, more))))
    operation["security"] = [{"token": []}, {"session": []}] if right else []
    for parameter in operation["parameters"]:
        _mend(parameter)
    wrong = [problems.KINDS[slug] for slug in operation.pop("x-problems")]
    for response in operation["responses"].values():
        response.setdefault("headers", {}).update(_RATE)
    if any(parameter["name"] == "cursor" for parameter in operation["parameters"]):
        operation["responses"][200]["headers"]["Link"] = _LINK
    for status in sorted({kind.status for kind in wrong}):
        operation["responses"][status] = _response(status, [kind for kind in wrong if kind.status == status])


def _needed(right: str, scope: str, said: str) -> str:
    """What one needs to be let in. An operation that asks by whose part it is says itself for which right."""
    if not right:
        return "Open to anyone."
    if "the right `" in said:
        return f"A token needs the scope `{scope}`."
    return f"Needs the right `{right}`, and of a token the scope `{scope}`."


def _mend(parameter: dict[str, Any]) -> None:
    """What ninja says of a parameter, in the right form and in our words."""
    parameter.pop("examples", None)  # in the schema they stand as a list, which is no form for a parameter
    schema = parameter["schema"]
    for inner in schema.pop("allOf", ()):
        schema |= {name: value for name, value in inner.items() if name in ("enum", "type")}
    if parameter["in"] == "path":
        parameter["description"] = _IN_PATH[_IDS.get(schema.get("pattern", "")[:5], parameter["name"])]


_IDS = {"^[Ff]": "finding", "^[Cc]": "case"}
_IN_PATH = {
    "name": "Its name.",
    "case": "Written C-123, in any case.",
    "key": "Its key.",
    "part": "The part's number.",
    "finding": "Written F-123, in any case.",
    "number": "Its number.",
    "identifier": "Any of its ids, in any case.",
    "slug": "The end of a problem's `type`.",
}


def _exemplify(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> None:
    for response in operation["responses"].values():
        for content in response.get("content", {}).values():
            content.setdefault("example", example(content["schema"], schemas))


def _used(told: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """The schemas that something refers to: parameters stand in their operations."""
    found: set[str] = set()
    new = _REFERENCE.findall(str(told["paths"]))
    while new:
        found |= set(new)
        new = [name for known in new for name in _REFERENCE.findall(str(schemas[known])) if name not in found]
    return {name: schema for name, schema in sorted(schemas.items()) if name in found}


_REFERENCE = re.compile("#/components/schemas/(\\w+)")
_RATE = {
    "RateLimit": {"description": "Requests left (`r`), seconds until all are back (`t`).", "schema": {"type": "string"}}
}
_LINK = {"description": "The page that follows, where there is one.", "schema": {"type": "string"}}


def _response(status: int, kinds: list[problems.Kind]) -> dict[str, Any]:
    example = {"type": kinds[0].type, "title": kinds[0].title, "status": status}
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
    told = "; ".join(f"`{kind.slug}`: {kind.title}" for kind in kinds)
    return {
        "description": f"{HTTPStatus(status).phrase}. {told}.",
        "content": {problems.MEDIA_TYPE: content},
        "headers": _HEADERS.get(status, {}),
    }


_HEADERS = {
    401: {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}},
    429: {"Retry-After": {"required": True, "description": "In seconds.", "schema": {"type": "string"}}},
}
