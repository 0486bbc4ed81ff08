"""What Slack's published shapes refuse: arguments of Web API methods, blocks, views.

The files are in `shared/contracts/slack`; their defects are in the README beside them.
"""

import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator, Draft202012Validator
from jsonschema.exceptions import best_match

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("KAIRAN_CONTRACTS", ROOT.parent / "shared" / "contracts")) / "slack"
Args = dict[str, Any]

STATEFUL = {
    "checkboxes",
    "radio_buttons",
    "plain_text_input",
    "static_select",
    "multi_static_select",
    "users_select",
    "datepicker",
}


def is_there() -> bool:
    return FOLDER.is_dir()


@cache
def _methods() -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads((FOLDER / "slack_web_openapi_v3.derived.json").read_bytes())
    return document


@cache
def _arguments(method: str) -> dict[str, Any] | None:
    path = _methods()["paths"].get(f"/{method}")
    if path is None:
        return None
    schema: dict[str, Any] = path["post"]["requestBody"]["content"]["application/json"]["schema"]
    return schema


@cache
def _check_of(method: str) -> Draft202012Validator:
    schema = {**(_arguments(method) or {}), "components": _methods().get("components", {})}
    if "properties" in schema:  # an SDK's client adds it to every call, and Slack takes it everywhere
        schema["properties"] = {"team_id": {"type": "string"}, **schema["properties"]}
    return Draft202012Validator(schema)


@cache
def _blocks(most: int) -> Draft7Validator:
    document = json.loads((FOLDER / "block-kit-with-limits.schema.json").read_bytes())
    return Draft7Validator({**document, "maxItems": most})


@cache
def _block(kind: str) -> Draft7Validator | None:
    """One kind of block: its complaints are about itself, not about all kinds it is not."""
    definitions = _blocks(50).schema["definitions"]
    for each in definitions["KnownBlock"]["anyOf"]:
        name = each["$ref"].rsplit("/", 1)[1]
        if kind in _kinds(definitions[name]):
            return Draft7Validator({**definitions[name], "definitions": definitions})
    return None


def _kinds(definition: Mapping[str, Any]) -> Iterator[str]:
    """The `type` that a definition demands, wherever in it that stands."""
    if "const" in (of := definition.get("properties", {}).get("type", {})):
        yield of["const"]
    for several in ("anyOf", "allOf", "oneOf"):
        for each in definition.get(several, []):
            yield from _kinds(each)


def is_method(method: str) -> bool:
    return _arguments(method) is not None


def typed(method: str, form: Mapping[str, str]) -> Args:
    """A form's texts as the types that the method's arguments have."""
    properties = (_arguments(method) or {}).get("properties", {})
    return {name: _typed(text, properties.get(name, {}).get("type")) for name, text in form.items()}


def _typed(text: str, kind: object) -> Any:
    kinds = kind if isinstance(kind, list) else [kind]
    if "boolean" in kinds and text.lower() in {"true", "false", "1", "0"}:
        return text.lower() in {"true", "1"}
    if "number" in kinds and text.isdigit():
        return int(text)
    if ("object" in kinds or "array" in kinds) and text[:1] in "[{":
        return json.loads(text)
    return text


def wrong_arguments(method: str, args: Args) -> list[str]:
    """What is wrong with a call, as `response_metadata.messages` says it."""
    errors = [each for each in _check_of(method).iter_errors(args) if list(each.absolute_path)[:1] != ["blocks"]]
    return [f"[ERROR] {_where(each.absolute_path)}: {each.message[:200]}" for each in errors]  # blocks: wrong_blocks


def wrong_blocks(blocks: object, *, most: int = 50, surface: str = "message") -> list[str]:
    """What is wrong with blocks. [] only for what the schema, and the rules beside it, let pass."""
    if not isinstance(blocks, list):
        return ["[ERROR] must be an array [json-pointer:/blocks]"]
    if len(blocks) > most:
        return [f"[ERROR] no more than {most} items allowed [json-pointer:/blocks]"]
    found = [text for number, block in enumerate(blocks) for text in _wrong_block(number, block)]
    if not found and not _blocks(most).is_valid(blocks):
        found.append("[ERROR] blocks do not fit the schema [json-pointer:/blocks]")
    return found + list(_wrong_ids(blocks)) + list(_wrong_options(blocks)) + list(_wrong_surface(blocks, surface))


def _wrong_block(number: int, block: object) -> Iterator[str]:
    kind = block.get("type", "") if isinstance(block, dict) else ""
    check = _block(kind)
    if check is None:
        yield f"[ERROR] unsupported type: {kind} [json-pointer:/blocks/{number}/type]"
        return
    error = best_match(check.iter_errors(block))
    if error is not None:
        where = "/".join(str(each) for each in ["blocks", number, *error.absolute_path])
        yield f"[ERROR] {error.message[:200]} [json-pointer:/{where}]"


def _wrong_ids(blocks: list[Any]) -> Iterator[str]:
    """Ids are unique: of blocks in the message, of actions in their block.
    https://docs.slack.dev/reference/block-kit/blocks/actions-block"""
    ids = [block["block_id"] for block in blocks if isinstance(block, dict) and "block_id" in block]
    for each in {one for one in ids if ids.count(one) > 1}:
        yield f"[ERROR] block_id already exists: {each} [json-pointer:/blocks]"
    for block in blocks:
        actions = [one.get("action_id") for one in elements(block) if one.get("action_id")]
        for each in {one for one in actions if actions.count(one) > 1}:
            yield f"[ERROR] `action_id` `{each}` already exists in `block_id` [json-pointer:/blocks]"


def _wrong_options(blocks: list[Any]) -> Iterator[str]:
    """What is chosen at first has to be one of the options, letter by letter."""
    for element in (one for block in blocks for one in elements(block)):
        options = element.get("options") or [o for g in element.get("option_groups", []) for o in g["options"]]
        initial = element.get("initial_options") or [each for each in [element.get("initial_option")] if each]
        if any(each not in options for each in initial):
            yield f"[ERROR] initial option is no option [json-pointer:/{element.get('action_id', '')}]"
        values = [each.get("value") for each in options]
        if element.get("type") == "checkboxes" and len(set(values)) != len(values):
            yield "[ERROR] duplicate values in options [json-pointer:/options]"


def _wrong_surface(blocks: list[Any], surface: str) -> Iterator[str]:
    for number, block in enumerate(blocks):
        if surface != "message" and block.get("type") in {"table", "markdown"}:
            yield f"[ERROR] unsupported type: {block['type']} [json-pointer:/view/blocks/{number}]"
        if surface == "home" and block.get("type") == "file":
            yield f"[ERROR] unsupported type: file [json-pointer:/view/blocks/{number}]"


def elements(block: object) -> Iterator[dict[str, Any]]:
    """The interactive elements of a block."""
    if isinstance(block, dict):
        yield from block.get("elements", []) if block.get("type") in {"actions", "context_actions"} else []
        for name in ("element", "accessory"):
            if isinstance(block.get(name), dict):
                yield block[name]


_TITLES = {"title": 24, "submit": 24, "close": 24}


def wrong_view(view: object) -> list[str]:
    """What is wrong with a modal or a home tab. https://docs.slack.dev/reference/views"""
    if not isinstance(view, dict):
        return ["[ERROR] must be an object [json-pointer:/view]"]
    return [*_wrong_frame(view), *wrong_blocks(view.get("blocks"), most=100, surface=str(view.get("type", "")))]


def _wrong_frame(view: dict[str, Any]) -> Iterator[str]:
    known = {"type", "title", "blocks", "close", "submit", "private_metadata", "callback_id", "clear_on_close"}
    known |= {"notify_on_close", "external_id", "submit_disabled"}
    for name in view.keys() - known:
        yield f"[ERROR] additional property: {name} [json-pointer:/view]"
    if view.get("type") == "modal" and "title" not in view:
        yield "[ERROR] missing required field: title [json-pointer:/view]"
    for name, most in _TITLES.items():
        text = view.get(name)
        if text is not None and not (text.get("type") == "plain_text" and 0 < len(text.get("text", "")) <= most):
            yield f"[ERROR] must be plain text of 1 to {most} characters [json-pointer:/view/{name}]"
    for name, most in (("private_metadata", 3000), ("callback_id", 255)):
        if len(view.get(name, "")) > most:
            yield f"[ERROR] must be less than {most + 1} characters [json-pointer:/view/{name}]"
    needs_submit = any(block.get("type") == "input" for block in view.get("blocks", []) if isinstance(block, dict))
    if view.get("type") == "modal" and needs_submit and "submit" not in view:
        yield "[ERROR] missing required field: submit [json-pointer:/view]"


def _where(path: Any) -> str:
    return "/".join(str(each) for each in path) or "arguments"
