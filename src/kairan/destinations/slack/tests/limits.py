"""Slack's limits as ../shared/reference/slack.md has them, walked over a whole message: what the schema leaves out."""

from collections.abc import Iterator, Mapping
from typing import Any

WHOLE_MESSAGE = 40_000


def wide(text: str) -> int:
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def objects(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
        for each in value.values():
            yield from objects(each)
    elif isinstance(value, list):
        for each in value:
            yield from objects(each)


def broken(payload: Mapping[str, Any], most_blocks: int = 50) -> list[str]:
    """What is over a limit or missing."""
    blocks = payload["blocks"]
    found = [] if 0 < len(blocks) <= most_blocks else [f"{len(blocks)} blocks"]
    ids = [each["block_id"] for each in blocks if "block_id" in each]
    found += ["a block_id twice"] if len(ids) != len(set(ids)) else []
    for each in objects(blocks):
        found += _of(each)
    return found


def _of(each: Mapping[str, Any]) -> Iterator[str]:
    kind = each.get("type")
    if kind in {"mrkdwn", "plain_text"} and not 1 <= wide(each["text"]) <= 3_000:
        yield f"a text of {wide(each['text'])}"
    if kind == "mrkdwn" and each.get("verbatim") is not True:
        yield "mrkdwn that Slack may add links to"
    if kind == "header" and wide(each["text"]["text"]) > 150:
        yield "a long header"
    if kind == "checkboxes" and not 1 <= len(each["options"]) <= 10:
        yield "too many checkboxes"
    if kind == "button" and (wide(each["text"]["text"]) > 75 or len(each["value"]) > 2_000):
        yield "a long button"
    if kind == "input" and "initial_value" in each["element"]:
        element = each["element"]
        if wide(element["initial_value"]) > element["max_length"] or element["max_length"] > 3_000:
            yield "more filled in than the field takes"
    for group in each.get("option_groups", ()):
        if not 1 <= len(group["options"]) <= 100:
            yield "a group too large"
    if "options" in each and (kind != "checkboxes" and len(each["options"]) > 100):
        yield "too many options"
    for option in each.get("options", ()):
        if wide(option["text"]["text"]) > 75 or not 1 <= len(option["value"]) <= 150:
            yield "an option too long"
    if "block_id" in each and len(each["block_id"]) > 255:
        yield "a long block_id"
