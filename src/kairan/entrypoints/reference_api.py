"""The reference of the JSON API, from its OpenAPI document."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_METHODS = ("get", "post")
_EVERYWHERE = (401, 403, 422, 429, 500, 503)


def markdown() -> str:
    """Every operation with its parameters, what it answers, and every kind of problem."""
    from kairan.web.api.document import document

    told = document()
    parts = ["# JSON API\n", _deindented(told["info"]["description"])]
    parts.append("The same as OpenAPI 3.1: `/api/v1/openapi.json`, open to anyone.\n")
    for tag in told["tags"]:
        parts.append(f"## Operations: {tag['name']}\n\n{tag['description']}\n")
        parts += [
            text for path, method, operation in _of(told, tag["name"]) for text in _operation(path, method, operation)
        ]
    parts += ["## What answers are made of\n", *_schemas(told["components"]["schemas"]), *_problems()]
    return "\n".join(parts)


def _deindented(text: str) -> str:
    return text.strip() + "\n"


def _of(told: Mapping[str, Any], tag: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, methods in told["paths"].items():
        for method in _METHODS:
            if method in methods and tag in methods[method]["tags"]:
                yield path, method, methods[method]


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"### `{method.upper()} {path}`\n\n{operation['summary']}.\n\n{operation['description']}\n"
    if operation["parameters"]:
        rows = [_parameter(each) for each in operation["parameters"]]
        yield _table(("parameter", "in", "takes", ""), rows)
    if body := operation.get("requestBody"):
        media = ", ".join(f"`{each}`" for each in body["content"])
        yield f"Body ({media}): {body.get('description') or _body(body)}\n"
    for status, response in operation["responses"].items():
        if int(status) < 400:
            yield f"Answers {status}: {_answer(response)}\n"
            yield from _example(response)
    wrong = [f"{status} {response['description'].partition('. ')[2]}" for status, response in _wrong(operation)]
    if wrong:
        yield "\n".join(["Problems of its own:\n", *(f"- {each}" for each in wrong), ""])


def _example(response: Mapping[str, Any]) -> Iterator[str]:
    for content in response.get("content", {}).values():
        if content.get("example"):
            yield f"```json\n{json.dumps(content['example'], indent=2, ensure_ascii=False)}\n```\n"


def _wrong(operation: Mapping[str, Any]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for status, response in operation["responses"].items():
        if int(status) >= 400 and int(status) not in _EVERYWHERE:
            yield status, response


def _parameter(told: Mapping[str, Any]) -> tuple[str, ...]:
    schema = told["schema"]
    name = f"`{told['name']}`" + (" (needed)" if told["required"] and told["in"] != "path" else "")
    default = schema.get("default")
    said = f" Default: `{default}`." if default not in (None, "") else ""
    return name, told["in"], _type(schema), told.get("description", "") + said


def _body(body: Mapping[str, Any]) -> str:
    [content] = body["content"].values()
    return _type(content["schema"])


def _answer(response: Mapping[str, Any]) -> str:
    for content in response.get("content", {}).values():
        return _type(content["schema"])
    headers = ", ".join(f"`{name}`" for name in response.get("headers", {}) if name != "RateLimit")
    return f"{response['description']} ({headers})" if headers else response["description"]


def _schemas(schemas: Mapping[str, Any]) -> Iterator[str]:
    for name, schema in sorted(schemas.items()):
        if "properties" not in schema:
            continue
        yield f"### {name}\n"
        if schema.get("description"):
            yield schema["description"] + "\n"
        rows = [(f"`{key}`", _type(each), each.get("description", "")) for key, each in schema["properties"].items()]
        yield _table(("member", "type", ""), rows)


def _type(schema: Mapping[str, Any]) -> str:
    """A schema in few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}" if schema.get("items") else "list"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"object of {_type(schema['additionalProperties'])}"
    named = {"date-time": "instant", "binary": "file"}.get(schema.get("format", ""))
    return named or schema.get("type") or "anything"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines) + "\n"


def _problems() -> Iterator[str]:
    from kairan.web.api.problems import KINDS

    yield "## Problems\n"
    yield (
        "The `type` of a problem is an address of the API that answers with the same words. Every operation may have"
        f" those of {', '.join(map(str, _EVERYWHERE))}; the others stand with their operations.\n"
    )
    rows = [(f"`{kind.type}`", str(kind.status), f"{kind.title}. {kind.meaning}") for kind in KINDS.values()]
    yield _table(("type", "status", ""), rows)
