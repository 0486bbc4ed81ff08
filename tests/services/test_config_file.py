"""kairan.yaml: the article's list byte for byte, every kind of mistake told with its place, and no way to harm."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kairan.domain.complaint import Complaint
from kairan.domain.config import Config
from kairan.domain.config_words import WORDS
from kairan.domain.normalised import normalised
from kairan.services.config_file import schema
from kairan.services.config_file.checking import Checked, check, check_text
from tests.services.article import YAML

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def look(text: str) -> Checked:
    return check_text(text, "kairan.yaml", NOW)


def complaints(text: str) -> list[str]:
    return [str(each) for each in look(text).complaints]


def test_the_articles_file_is_taken_as_it_stands() -> None:
    checked = look(YAML)
    assert checked.complaints == ()
    assert checked.config is not None
    found = normalised(checked.config)
    assert [(team.name, team.channels["preview"].id) for team in found.teams] == [
        ("Slackチャンネル1", "SlackチャンネルID1"),
        ("Slackチャンネル2", "SlackチャンネルID2"),
    ]
    assert [each.repository for each in found.ownership] == [("*/リポジトリ1",), ("*/リポジトリ2",)]
    assert [each.team for each in found.ownership] == [team.key for team in found.teams]
    assert found.rules is not None
    rule, by_hand = found.rules
    assert by_hand.name == "by-hand", "what people ask for (ADR 13)"
    assert (rule.name, rule.when, rule.group_by) == (
        "dependabot",
        "source:github_dependabot severity:>=high",
        "vulnerability",
    )
    assert [(tell.to, tell.audience, tell.form) for tell in rule.tell] == [
        ("preview", "psirt", True),
        ("preview", "teams", False),
    ]


def test_names_of_the_list_without_an_owner_get_the_companys() -> None:
    text = "owner: acme\n" + YAML.replace("リポジトリ2", "other/リポジトリ2")
    config = look(text).config
    assert config is not None
    assert [each.repository for each in normalised(config).ownership] == [("acme/リポジトリ1",), ("other/リポジトリ2",)]


def test_a_channel_of_the_list_that_a_team_has_is_that_teams() -> None:
    config = look(
        "destinations:\n  - {name: chat, kind: preview, channel: {id: P}}\n"
        "teams:\n  - key: web\n    channels: {chat: {id: SlackチャンネルID1}}\n" + YAML
    ).config
    assert config is not None
    found = normalised(config)
    assert found.teams[0].key == "web"
    assert found.teams[0].channels["chat"].name == "Slackチャンネル1"
    assert found.ownership[0].team == "web"
    assert found.rules is not None
    assert found.rules[0].tell[0].to == "chat"


def test_an_empty_file_tells_the_preview_what_is_urgent() -> None:
    for text in ("", "# nothing\n", "---\n", "teams:\nrules:\n"):
        config = look(text).config
        assert config == Config()
        found = normalised(config)
        assert found.rules is not None
        assert [rule.name for rule in found.rules] == ["urgent", "by-hand"]
        assert [each.name for each in found.destinations] == ["preview"]
        assert normalised(found) == found
        assert msgspec.json.decode(msgspec.json.encode(found), type=Config) == found


def test_what_yaml_1_1_would_make_of_it_does_not_matter() -> None:
    checked = look(
        "teams:\n  - key: no\n  - key: '123'\nownership:\n  - team: no\n    account: [000000001101, 1e3]\n"
        "    namespace: on\nrules:\n  - name: r\n    tell:\n      - to: preview\n"
        "        quiet_hours: {begin: 22:30, end: 07:00, weekends: yes}\n"
    )
    assert checked.complaints == ()
    assert checked.config is not None
    assert checked.config.ownership[0].account == ("000000001101", "1e3")
    assert checked.config.ownership[0].namespace == ("on",)
    assert checked.config.rules is not None
    quiet = checked.config.rules[0].tell[0].quiet_hours
    assert quiet is not None
    assert (quiet.begin, quiet.end, quiet.weekends) == ("22:30", "07:00", True)


TEAM = "teams: [{key: web}]\n"
WRONG = [
    ("ownr: acme", "kairan.yaml:1: ownr: there is no such key; 'owner'?"),
    ("teams: web", "kairan.yaml:1: teams: needs a list here"),
    ("teams:\n  web: {}", "teams: needs a list here"),
    ("teams:\n  - name: x", "kairan.yaml:2: teams[0].key: is missing"),
    ("teams:\n  - key: Web", "kairan.yaml:2: teams[0].key: cannot be 'Web'"),
    ("teams:\n  - key: a\n    language: fr", "kairan.yaml:3: teams[0].language: cannot be 'fr'; there are: en, ja"),
    ("teams:\n  - key: a\n  - key: a", "kairan.yaml:3: teams[1].key: 'a' stands there twice, first in line 2"),
    ("teams:\n  - key: A\n  - key: b\n    time_zone: X", "kairan.yaml:4: teams[1].time_zone: there is no time zone"),
    ("time_zone: Asia/Tokio", "time_zone: there is no time zone 'Asia/Tokio'"),
    ("address: kairan.example", "address: is the address of"),
    ("owner: a/b", "owner: is the organisation's name alone"),
    ("links: {siem_discover: 'https://x/{ghsa}'}", "{ghsa} stands for nothing"),
    (
        TEAM + "ownership:\n  - team: wbe\n    account: 1",
        "kairan.yaml:3: ownership[0].team: there is no team 'wbe'; 'web'?",
    ),
    (TEAM + "ownership:\n  - account: 1", "kairan.yaml:3: ownership[0]: says nobody who owns it: add `team`"),
    (TEAM + "ownership:\n  - team: web\n  - team: web", "kairan.yaml:3: ownership[0]: fits everything"),
    (
        TEAM + "ownership:\n  - team: web\n    query: 'severity:>=hgh'",
        "yaml:4:24: ownership[0].query: `severity`",
    ),
    (TEAM + "ownership:\n  - team: web\n    query: team:x", "who owns a finding cannot depend on who owns it"),
    (TEAM + "ownership:\n  - team: web\n    query: -is:unowned", "who owns a finding cannot depend on who owns it"),
    (TEAM + "ownership:\n  - team: web\n    codeowners: C\n    repository: a/b", "`codeowners` says who owns what"),
    (TEAM + "ownership:\n  - codeowners: C\n    owners: {'@a': web}", "a CODEOWNERS file belongs to one `repository`"),
    (TEAM + "ownership:\n  - owners: {'@a': web}", "says who stands behind a CODEOWNERS file's names"),
    (
        "rules:\n  - name: r\n    when: severity:>=high reop:x",
        "yaml:3:27: rules[0].when: no key `reop`; `repo`?",
    ),
    ("rules:\n  - name: r\n    when: |\n      is:open (", "rules[0].when: this bracket is never closed (at"),
    ("rules:\n  - name: r\n  - name: r", "rules[1].name: 'r' stands there twice"),
    ("rules:\n  - name: r\n    group_by: fixes", "rules[0].group_by: cannot be 'fixes'; 'fix'?"),
    ("rules:\n  - name: r\n    tell: [{to: slak}]", "there is no destination 'slak'; there are: preview"),
    ("rules:\n  - name: r\n    tell: [{to: preview, digest: 0 9 * *}]", "is no time of a schedule"),
    ("rules:\n  - name: r\n    tell: [{to: preview, digest: 0 0 31 2 *}]", "never comes"),
    ("rules:\n  - name: r\n    tell: [{to: preview, digest: '@daily'}]", "is no time of a schedule"),
    ("rules:\n  - name: r\n    tell: [{to: preview, ceiling: 0}]", "is a whole number from 1 to 10000, not '0'"),
    ("rules:\n  - name: r\n    tell: [{to: preview, form: true}]", "is for `audience: psirt` only"),
    ("rules:\n  - name: r\n    tell: [{to: preview, form: maybe}]", "is true or false, not 'maybe'"),
    ("rules:\n  - name: r\n    tell: [{to: preview, quiet_hours: {begin: 09:00, end: 09:00}}]", "are the same"),
    ("rules:\n  - name: r\n    remind: {after: 3 days}", "cannot be '3 days': 30m, 12h, 7d or 2w"),
    ("rules:\n  - name: r\n    escalate: {to: x, channel: {id: C}}", "escalate.to: there is no destination 'x'"),
    ("sla: {critical: 99999999999w}", "sla.critical: 99999999999w is longer than ten years"),
    ("destinations:\n  - name: s\n    kind: slcak", "there is no destination of the kind 'slcak'; 'slack'?"),
    ("sources:\n  - name: s\n    kind: trivvy", "there is no source of the kind 'trivvy'; 'trivy'?"),
    ("sources:\n  - {name: s, kind: trivy, settings: {api_token: abc}}", "a secret never stands in this file"),
    ("psirt: [a, a]", "psirt[1]: 'a' stands there twice"),
    ("psirt: # somebody\n  - '#x'\n  - # hidden", "psirt[1]: is empty"),
    ("# xoxb-123456789012-abcdef\nowner: acme", "kairan.yaml:1: this looks like a real token"),
    (YAML + YAML.removeprefix("repositories:\n"), "repositories[2].name: 'リポジトリ1' stands there twice"),
    (YAML.replace("ID2", "ID1"), "one channel has one name"),
    (YAML.replace("Slackチャンネル1", "#team"), "begins with # needs quotation marks"),
    ("a: 1\na: 2", "kairan.yaml:2:1: 'a' stands twice here, first in line 1"),
    ("teams:\n\t- key: a", "kairan.yaml:2:1: a tab stands here"),
    ("a: [1", "this is no YAML"),
    ("owner: 'acme", "a quotation mark or bracket is never closed"),
    ("owner: a: b", 'a text with ": " in it needs quotation marks'),
    ("owner: *", "a text that begins with * needs quotation marks"),
    ("owner: *acme", "*acme refers to nothing that was named before"),
    ("owner: @acme", "a text that begins with @ needs quotation marks"),
    ("psirt: &a [*a]", "*a refers to nothing that was named before"),
    ("owner: a\x01b", "it holds a control character"),
    ("owner: a\n---\nowner: b", "kairan.yaml:2:1: a second document begins here"),
    ("owner: !!python/name:os.system x", "tags such as tag:yaml.org,2002:python/name:os.system mean nothing"),
    ("{[a]: b}", "a key has to be one word"),
    ("<<: [1]", "`<<` takes a mapping"),
    ("[" * 3_000, "nested more than 40 deep"),
    ("- a", "kairan.yaml:1: needs keys here"),
    ("hello", "needs keys here"),
]


@pytest.mark.parametrize(("text", "said"), WRONG, ids=[said[-40:] for _, said in WRONG])
def test_a_mistake_is_told_with_its_place_and_what_to_do(text: str, said: str) -> None:
    found = complaints(text)
    assert any(said in each for each in found), found
    assert look(text).config is None


def test_a_secret_is_not_repeated_in_the_complaint_about_it() -> None:
    text = "sources:\n  - {name: s, kind: trivy, settings: {api_token: hunter2secret}}"
    assert "hunter2secret" not in "".join(complaints(text))


def test_all_mistakes_are_told_at_once() -> None:
    found = complaints(
        "ownr: x\nteams:\n  - key: A\n  - key: b\n    time_zone: X\nrules:\n  - name: r\n    when: 'a:b'\n"
    )
    assert [each.split(":")[1] for each in found] == ["1", "3", "5", "8"]


def test_a_few_lines_never_become_millions() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    assert any("this is more than" in each for each in complaints("\n".join(lines)))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "there is no such file"),
        (b"owner: \xff\xfe", "is not UTF-8"),
        ("owner: acme".encode("utf-16"), "is not UTF-8"),
        (b"#" * (8 * 1024 * 1024 + 1), "is larger than 8 MiB"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, data: bytes | None, said: str) -> None:
    path = tmp_path / "kairan.yaml"
    if data is not None:
        path.write_bytes(data)
    [complaint] = check(path, NOW).complaints
    assert said in str(complaint)
    assert check(tmp_path, NOW).complaints[0].message.startswith("is a folder")


def test_a_codeowners_file_lies_beside_it(tmp_path: Path) -> None:
    text = TEAM + "ownership:\n  - codeowners: web/CODEOWNERS\n    repository: a/b\n    owners: {'@a/web': web}\n"
    path = tmp_path / "kairan.yaml"
    path.write_text("\ufeff" + text)
    [missing] = check(path, NOW).complaints
    assert (missing.line, missing.message) == (3, "web/CODEOWNERS: there is no such file")
    (tmp_path / "web").mkdir()
    (tmp_path / "web/CODEOWNERS").write_text("* @a/other\n")
    [unknown] = check(path, NOW).complaints
    assert unknown.message == "@a/web is not named in web/CODEOWNERS"
    (tmp_path / "web/CODEOWNERS").write_text("* @a/web\n")
    checked = check(path, NOW)
    assert checked.complaints == ()
    assert set(checked.files) == {str(path), "web/CODEOWNERS"}


SIGNS = ("\t", "*a", "&a ", "? ", "- ", "[", "}", "<<: ", "|\n")
SOUND = TEAM + "rules:\n  - name: r\n    when: severity:>=high\n    tell: [{to: preview, digest: 0 9 * * 1}]\n" + YAML


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_broken_file_is_more_than_complaints(data: st.DataObject) -> None:
    """Bits of a sound file cut out, doubled, and strewn with YAML's own signs: a value or complaints, nothing else."""
    at, end = sorted(data.draw(st.tuples(*[st.integers(0, len(SOUND))] * 2)))
    put = data.draw(st.one_of(st.text(max_size=5), st.sampled_from(SIGNS)))
    text = SOUND[:at] + put + SOUND[data.draw(st.sampled_from([at, end])) :]
    checked = look(text)
    assert (checked.config is None) == bool(checked.complaints)
    if checked.config is not None:
        found = normalised(checked.config)
        assert normalised(found) == found
        assert msgspec.json.decode(msgspec.json.encode(found), type=Config) == found


def test_the_schema_describes_every_key_and_takes_what_is_sound() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    made = schema.schema()
    jsonschema.Draft202012Validator.check_schema(made)
    for name, struct in made["$defs"].items():
        assert struct["properties"].keys() == WORDS[name].keys(), name
        assert all(each["description"] for each in struct["properties"].values())
    import yaml

    jsonschema.validate(yaml.safe_load(YAML), made)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"ownr": "x"}, made)


def test_a_complaint_reads_like_a_compilers() -> None:
    assert str(Complaint("k.yaml", 3, "a.b", "is wrong", 7)) == "k.yaml:3:7: a.b: is wrong"
    assert str(Complaint("k.yaml", 0, "", "is missing")) == "k.yaml: is missing"
