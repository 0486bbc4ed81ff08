"""kairan.yaml, damaged: as text, as YAML that says something else, and as what bombs are made of."""

from copy import deepcopy
from datetime import UTC, datetime
from functools import cache
from random import Random
from typing import Any

import yaml

from kairan.demo import configuration
from kairan.domain.errors import ConfigError
from kairan.domain.normalised import normalised
from kairan.services.config_file.checking import MOST_COMPLAINTS, check_text
from tests.fuzz.mutate import TEXTS, damaged, reshaped

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
_DEEP, _LONG = 3_000, 20_000
_LIST = """\
repositories:
  - name: リポジトリ1
    notify_channel: Slackチャンネル1
    notify_channel_id: SlackチャンネルID1
"""
_WHOLE = """\
owner: acme
language: ja
time_zone: Asia/Tokyo
address: https://kairan.example.com
psirt: [somebody@example.com]
links:
  siem_discover: https://siem.example.com/discover?id={ghsaId}&from={from}&to={to}
sources:
  - {name: trivy, kind: trivy, baseline: tell}
teams:
  - &web
    key: web
    name: Web
    members: [a@example.com, b@example.com]
    channels: {chat: {id: C1, name: web}}
    language: en
    time_zone: Europe/Berlin
  - {<<: *web, key: pay}
ownership:
  - {team: web, repository: [acme/shop, acme/*], account: 000000001101}
  - {team: pay, query: "image:pay* severity:>=high"}
  - {codeowners: CODEOWNERS, repository: acme/mono, owners: {"@acme/web": web}}
rules:
  - name: urgent
    when: |
      severity:>=high is:open
    group_by: fix
    reopen_within: 30d
    tell:
      - to: chat
        audience: psirt
        form: true
      - {to: chat, digest: 0 9 * * 1-5, ceiling: 10, quiet_hours: {begin: 22:30, end: 07:00, weekends: yes}}
    remind: {after: 3d, every: 2d, times: 3}
    escalate: {after: 7d, to: chat, channel: {id: BOSS}}
sla: {critical: 7d, high: 30d}
baseline: {slice: 20, at: 0 9 * * *}
destinations:
  - {name: chat, kind: preview, channel: {id: P, name: psirt}}
"""
_SIGNS = (
    *(
        "\t",
        "*a",
        "&a ",
        "? ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        "<<: ",
        "|\n",
        ">-\n",
        "!!python/object:os.system ",
        "%YAML 9\n",
    ),
    *(
        "\n---\n",
        "\n...\n",
        ": ",
        " #",
        "'",
        '"',
        "\\x",
        "\x85",
        "\u2028",
        "\ufeff",
        "\x00",
        "\ud800",
        "~",
        "!!binary ",
    ),
)


@cache
def seeds() -> tuple[str, ...]:
    """The article's list, a file with every section, and the demo's."""
    return (_LIST, _WHOLE, configuration.files(0)[configuration.FILE])


@cache
def values() -> tuple[Any, ...]:
    return tuple(yaml.safe_load(text) for text in seeds())


def a_configuration(chance: Random) -> str:
    """Mostly values put elsewhere, of another type, huge or nested: they come further than broken signs."""
    way = chance.random()
    if way < 0.45:
        return reshaped(deepcopy(chance.choice(values())), chance, values()).decode("utf-8", "surrogatepass")
    if way < 0.6:
        return damaged(chance.choice(seeds()).encode(), chance).decode("utf-8", "replace")
    if way < 0.95:
        return _strewn(chance.choice(seeds()), chance)
    return chance.choice((_bomb, _deep, _wide, _long))(chance)


def check_configuration(text: str) -> None:
    """A configuration, or complaints of which each says where and what; never both, never neither."""
    checked = check_text(text, "kairan.yaml", NOW)
    assert (checked.config is None) == bool(checked.complaints)
    assert len(checked.complaints) <= MOST_COMPLAINTS
    lines = text.count("\n") + 1 + sum(text.count(sign) for sign in "\r\x85\u2028\u2029")
    for each in checked.complaints:
        assert each.file == "kairan.yaml"
        assert 0 < each.line <= lines, each
        assert each.message.strip(), each
        assert len(each.message) < 2_000, each
        str(each).encode()  # it can be printed and kept
    if checked.config is None:
        raise ConfigError(str(checked.complaints[0]))
    found = normalised(checked.config)
    assert normalised(found) == found


def _strewn(text: str, chance: Random) -> str:
    """Lines moved, indented, doubled, dropped; YAML's own signs and odd texts thrown in."""
    lines = text.split("\n")
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        at = chance.randrange(len(lines))
        match chance.randrange(6):
            case 0:
                del lines[at]
                lines = lines or [""]
            case 1:
                lines.insert(chance.randrange(len(lines) + 1), lines[at])
            case 2:
                lines[at] = " " * chance.randrange(6) + lines[at].lstrip()
            case 3:
                key, colon, _ = lines[at].partition(": ")
                lines[at] = key + colon + chance.choice((*TEXTS, *_SIGNS))
            case _:
                place = chance.randrange(len(lines[at]) + 1)
                lines[at] = lines[at][:place] + chance.choice(_SIGNS) + lines[at][place:]
    return "\n".join(lines)


def _bomb(chance: Random) -> str:
    """A few lines of aliases that stand for millions; as lists, mappings or merges."""
    kind, many, times = chance.randrange(3), chance.randrange(5, 40), chance.randrange(2, 12)
    lines = ["a0: &a0 [x]" if kind == 0 else "a0: &a0 {x: y}"]
    for number in range(1, many):
        named = ", ".join([f"*a{number - 1}"] * times)
        said = (
            f"[{named}]",
            "{" + ", ".join(f"k{at}: *a{number - 1}" for at in range(times)) + "}",
            f"{{<<: [{named}]}}",
        )
        lines.append(f"a{number}: &a{number} {said[kind]}")
    return "\n".join([*lines, f"teams: *a{many - 1}"])


def _deep(chance: Random) -> str:
    depth = chance.choice((30, 39, 40, 41, 100, _DEEP))
    signs = chance.choice((("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", "")))
    return chance.choice(("", "teams: ")) + signs[0] * depth + "x" + signs[1] * depth


def _wide(chance: Random) -> str:
    """Thousands of items, right or wrong."""
    item = chance.choice(("  - {{key: t{0}}}", "  - {{key: T{0}}}", "  - t{0}", "  k{0}: 1", "  - {{key: same}}"))
    return "teams:\n" + "\n".join(item.format(number) for number in range(chance.choice((500, 5_000))))


def _long(chance: Random) -> str:
    key = chance.choice(("owner", "address", "time_zone", "x" * _LONG, "psirt", "rules"))
    sign = chance.choice(("x", "9", "(", "é", '"', "- "))
    return f"{key}: {sign * _LONG}"
