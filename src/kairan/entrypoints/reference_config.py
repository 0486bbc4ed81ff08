"""The reference of `kairan.yaml`, from the struct types that read it and the words that explain them."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect

from kairan.domain import config
from kairan.domain.config_words import WORDS

_LEAD = """# kairan.yaml

The one place for teams, ownership, rules, destinations and sources. All of it is optional. `kairan check` tells every
mistake with its line; `kairan config diff` what a change would touch; `kairan config apply` puts it in force.
Secrets never stand in it: write `env:NAME`, `file:PATH`, `aws-ssm:/path`, `aws-secretsmanager:name#key` or
`azure-keyvault:vault/name`. Where a list of texts is wanted, one text alone will do.

Editors know the keys by its JSON Schema: `kairan config schema > kairan.schema.json`, and in the file's first line
`# yaml-language-server: $schema=kairan.schema.json`.
"""
_TITLES = {
    "Config": "The file",
    "Team": "teams",
    "Ownership": "ownership",
    "Repository": "repositories",
    "Rule": "rules",
    "Tell": "rules: tell",
    "QuietHours": "rules: tell: quiet_hours",
    "Remind": "rules: remind",
    "Escalate": "rules: escalate",
    "Destination": "destinations",
    "Start": "destinations: start",
    "StartPost": "destinations: start: post",
    "Source": "sources",
    "Channel": "channels",
    "Links": "links",
    "Sla": "sla",
    "Baseline": "baseline",
}


def markdown() -> str:
    """Every key with what it takes, its default and its meaning."""
    return "\n".join([_LEAD, *(part for name in _TITLES for part in _section(name))])


def _section(name: str) -> Iterator[str]:
    kind = getattr(config, name)
    told = inspect.type_info(kind)
    assert isinstance(told, inspect.StructType)
    yield f"## {_TITLES[name]}\n"
    yield f"{_flat(kind.__doc__ or '')}\n"
    yield "| key | takes | default | |\n| --- | --- | --- | --- |"
    for each in told.fields:
        yield f"| `{each.name}` | {_takes(each.type)} | {_default(each)} | {WORDS[name][each.name]} |"
    yield ""


def _flat(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines())


def _takes(kind: inspect.Type) -> str:
    match kind:
        case inspect.Metadata():
            hint = (kind.extra_json_schema or {}).get("description", "")
            return hint or _takes(kind.type)
        case inspect.StructType():
            title = _TITLES[kind.cls.__name__]
            return f"[{title}](#{_anchor(title)})"
        case inspect.VarTupleType():
            return f"list of {_takes(kind.item_type)}"
        case inspect.DictType():
            return f"name: {_takes(kind.value_type)}"
        case inspect.UnionType():
            return _takes(next(each for each in kind.types if not isinstance(each, inspect.NoneType)))
        case inspect.LiteralType():
            return ", ".join(f"`{each}`" for each in kind.values if each)
        case inspect.BoolType():
            return "`true` or `false`"
        case inspect.IntType():
            return f"{kind.ge} to {kind.le}"
        case inspect.StrType():
            return "text"
        case _:
            return "anything"


def _anchor(title: str) -> str:
    return title.lower().replace(":", "").replace(" ", "-")


def _default(each: inspect.Field) -> str:
    if each.required:
        return "needed"
    value: Any = each.default if each.default is not msgspec.NODEFAULT else ""
    is_empty = value in (None, "", ()) or isinstance(value, msgspec.Struct)
    return "" if is_empty else f"`{msgspec.json.encode(value).decode()}`"
