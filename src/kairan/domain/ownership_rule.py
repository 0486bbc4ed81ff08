"""An ownership rule made from an asset, as lines for `kairan.yaml`."""

import json
from collections.abc import Mapping
from typing import Any

_PLAIN_FIRST = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PLAIN = frozenset(_PLAIN_FIRST + "0123456789._/-")
_WORDS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}


def conditions(kind: str, name: str, attributes: Mapping[str, Any]) -> dict[str, str]:
    """What tells this asset from those of others, without being about it alone where that can be said.

    {} where nothing does: then a query by its name has to.
    """
    if kind == "repository":
        return {"repository": "/".join(name.split("/")[-2:])}
    if kind == "image":
        return {"image": name}
    found = {key: str(attributes[key]) for key in ("cluster", "namespace") if attributes.get(key)}
    if kind == "cluster" and not found:
        return {"cluster": name}
    if found:
        return found
    for key in ("resource_group", "account"):
        if attributes.get(key):
            return {key: str(attributes[key])}
    return {"query": f'asset:"{name}"' if '"' not in name else ""}


def snippet(team: str, kind: str, name: str, attributes: Mapping[str, Any]) -> str:
    """The lines to add below `ownership:`, before the first rule that fits too."""
    lines = [f"  - team: {scalar(team)}"]
    lines += [f"    {key}: {scalar(value)}" for key, value in conditions(kind, name, attributes).items() if value]
    return "\n".join(lines)


def scalar(text: str) -> str:
    """A text as YAML: bare where that cannot be misread, else in quotation marks."""
    bare = text and text[0] in _PLAIN_FIRST and _PLAIN.issuperset(text) and text.lower() not in _WORDS
    return text if bare else json.dumps(text, ensure_ascii=False)
