"""The JSON Schema of the file, for editors."""

from typing import Any

import msgspec

from kairan.domain.config import Config
from kairan.domain.config_words import WORDS

_ANY = ["string", "number", "boolean", "array", "object", "null"]
ADDRESS = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """Draft 2020-12. One text alone stands for a list of one, as the file may have it."""
    made = msgspec.json.schema(Config, schema_hook=lambda _: {"type": _ANY})  # `object`
    for name, each in made["$defs"].items():
        each["title"] = name
        for key, told in each.get("properties", {}).items():
            each["properties"][key] = _loose(told) | {"description": WORDS[name][key]}
    made["$defs"]["Config"]["title"] = "kairan.yaml"
    return {"$schema": ADDRESS, **made}


def _loose(told: dict[str, Any]) -> dict[str, Any]:
    if told.get("type") == "array" and told.get("items") == {"type": "string"}:
        rest = {key: value for key, value in told.items() if key not in {"type", "items"}}
        return {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}], **rest}
    return dict(told)
