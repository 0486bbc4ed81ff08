"""The Dependabot article, byte for byte: its file in force, its document read, and what stands in the channels then.

Line by line beside what the article shows; where Kairan says more, docs/explanation/messages.md says what and why.
`KAIRAN_GOLDENS=write` writes the goldens anew.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.services.article import DAY, GHSA, SAMPLE, YAML, configure, filled, imported, sent, told

GOLDENS = Path(__file__).parent / "goldens"
LANGUAGES = ["en", "ja"]
FIRST, SECOND = "SlackチャンネルID1", "SlackチャンネルID2"
MESSAGE = {
    "en": "This is a vulnerability in the package “XXX”. Please update it to version 2.0.0.",
    "ja": "パッケージ「XXX」の脆弱性です。バージョン2.0.0にアップデートをお願いします。",
}
POST = [  # as the article's picture of the post has it; its day is that of the article's query
    "Dependabot alert: Vulnerability in XXX",
    "2023-04-01 00:00〜2023-04-02 00:00 (filtered by ghsaId)",
    "repository: リポジトリ1, リポジトリ2",
    "securityAdvisory",
    "Vulnerability in XXX",
    "severity: CRITICAL",
    GHSA,
    "SIEM Discover",
    "SIEM Dashboard",
]
FORM = ["トリアージ", "[ ] #Slackチャンネル1", "[ ] #Slackチャンネル2", "----", "Message:"]


def test_file_and_document_are_the_articles_byte_for_byte(seed_article: str) -> None:
    assert f"\n\n{YAML}\n" in seed_article
    assert f"\n\n{SAMPLE.read_text(encoding='utf-8')}\n" in seed_article
    assert MESSAGE["ja"] in seed_article


def test_the_document_as_it_stands_names_no_repository(store: None) -> None:
    """`{REPOSITORY_NAME}` and `{REPOSITORY_URL}` are of no owner: guessing one would put a finding on a wrong asset."""
    from kairan.store.models import Reject

    assert imported(SAMPLE).counts.outcomes["rejected"] == 1
    assert "names no repository: import it with --asset" in Reject.objects.get().reason


def test_the_document_as_it_stands_is_read_for_the_repositories_of_the_file(store: None, tmp_path: Path) -> None:
    """`--asset` says whose it is: it is the file's teams' then. MODERATE is not told, and why not is said."""
    from kairan.services import explain, route
    from kairan.store.models import Case, Finding

    configure(tmp_path, YAML)
    for name in ("リポジトリ1", "リポジトリ2"):
        assert imported(SAMPLE, f"repository:github.com/ORG_NAME/{name}").counts.outcomes["opened"] == 1
    route.drain(DAY)
    assert Case.objects.count() == 0
    whys = [explain.rules_of(finding.pk, DAY) for finding in Finding.objects.order_by("pk")]
    assert [why.owner.name for why in whys if why] == ["Slackチャンネル1", "Slackチャンネル2"]
    assert [[term.text for term in why.rules[0].missing] for why in whys if why] == [["severity:>=high"]] * 2


def test_the_file_alone_is_enough(store: None, tmp_path: Path) -> None:
    """Not a line beside the article's: the alert of a repository goes to its channel and to PSIRT, in the preview."""
    from kairan.services import route
    from kairan.store.models import Delivery

    configure(tmp_path, YAML)
    report = tmp_path / "alerts.json"
    report.write_text(filled("リポジトリ2"), encoding="utf-8")
    assert imported(report).counts.outcomes["opened"] == 1
    route.drain(DAY)
    sent(DAY)
    told_now = {(each.purpose, each.channel): each.state for each in Delivery.objects.filter(edits=False)}
    psirt = next(channel for purpose, channel in told_now if purpose == "psirt_post")
    assert told_now == {
        ("psirt_post", psirt): "sent",
        ("team_post", SECOND): "sent",
        ("triage_form", psirt): "sent",
    }
    assert psirt not in (FIRST, SECOND)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_article_shows_is_what_is_posted(language: str, store: None, tmp_path: Path) -> None:
    """Its lines, in its order, at the beginning of each message, then ours; and every payload against its golden."""
    told(tmp_path, language)
    _pressed(language)
    found = {name: _payload(**which) for name, which in _MESSAGES.items()}
    post, form = (_lines(found[name]) for name in ("psirt_post", "triage_form"))
    assert post[: len(POST)] == POST
    assert _buttons(found["psirt_post"])[0] == "Create Jira Issue"
    assert _lines(found["team_post"])[: len(POST)] == POST
    assert "Create Jira Issue" not in _buttons(found["team_post"])
    heading = {"ja": FORM, "en": ["Triage", *FORM[1:]]}[language]
    assert form == [*heading, MESSAGE[language]]
    assert _buttons(found["triage_form"]) == [{"ja": "各チャンネルに連絡", "en": "Tell each channel"}[language]]
    assert _lines(found["triage_message"])[0] == MESSAGE[language]
    ticket = _lines(found["ticket"])
    assert ticket[0] == "Vulnerability in XXX", "the bare summary is the title"
    assert ticket[1:] == post[1:], "the description is the message without the buttons"
    assert _buttons(found["ticket"]) == []
    for name, payload in found.items():
        _hold(payload, GOLDENS / f"article.{name}.{language}.json")


def test_the_links_are_the_articles(store: None, tmp_path: Path) -> None:
    told(tmp_path)
    text = json.dumps(_payload(purpose="psirt_post"), ensure_ascii=False)
    assert f"<https://github.com/advisories/{GHSA}|{GHSA}>" in text
    day = "from=2023-03-31T15%3A00%3A00.000Z&amp;to=2023-04-01T15%3A00%3A00.000Z"
    assert f"<https://siem.example.com/discover?id={GHSA}&amp;{day}|SIEM Discover>" in text
    form = json.dumps(_payload(purpose="triage_form"), ensure_ascii=False)
    assert [f'"value": "{channel}"' in form for channel in (FIRST, SECOND)] == [True, True]


_MESSAGES: dict[str, dict[str, Any]] = {
    "psirt_post": {"purpose": "psirt_post"},
    "team_post": {"purpose": "team_post", "channel": FIRST},
    "triage_form": {"purpose": "triage_form"},
    "triage_message": {"purpose": "triage_message", "channel": FIRST},
    "ticket": {"purpose": "ticket"},
}


def _pressed(language: str) -> None:
    """PSIRT presses both buttons of the article: the ticket's, and the form's with what was filled in for them."""
    from kairan.domain.answer import Said
    from kairan.domain.message import Action
    from kairan.domain.rights import Role
    from kairan.services.act import act
    from kairan.services.actor import Actor
    from kairan.store.models import Case, Person

    person = Person.objects.create(username="psirt", role=Role.TRIAGER, password="!", created_at=DAY)
    who, case = Actor("psirt", person.pk, "test"), Case.objects.get().pk
    assert act(Action("create_ticket", case), who, DAY).code is Said.TICKET_PREVIEWED
    values: dict[str, Any] = {"channels": [FIRST], "message": MESSAGE[language]}
    assert act(Action("send_triage", case, None, values), who, DAY).code is Said.SENT
    sent(DAY)


def _payload(**which: Any) -> Any:
    from kairan.store.models import Delivery

    delivery = Delivery.objects.get(edits=False, **which)
    assert delivery.state == "sent"
    return delivery.payload


def _hold(payload: Any, golden: Path) -> None:
    """Against the golden: numbers that the store gave out, and markers, are the same in both."""
    text = json.dumps(payload, ensure_ascii=False, indent=2)
    text = re.sub(r"/messages/[0-9a-f-]{36}/", "/messages/MARKER/", text)
    text = re.sub(r"/assets/\d+/", "/assets/N/", text)
    text = re.sub(r"\bC-\d+", "C-N", text)
    text = re.sub(r'("case": |"value": ")\d+(?:[.:]\d+)?', r"\1N", text) + "\n"
    if os.environ.get("KAIRAN_GOLDENS") == "write":
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8"), golden.name


def _lines(payload: Any) -> list[str]:
    """What a reader sees of a payload's texts, line by line."""
    found: list[str] = []
    for block in payload["blocks"]:
        match block["type"]:
            case "header":
                found.append(block["text"]["text"])
            case "section" if "accessory" in block:
                found += [f"[ ] {each['text']['text']}" for each in block["accessory"]["options"]]
            case "section":
                found += _shown(block["text"]["text"])
            case "context":
                found += _shown(" ".join(each["text"] for each in block["elements"]))
            case "divider":
                found.append("----")
            case "input":
                found += [f"{block['label']['text']}:", block["element"]["initial_value"]]
    return found


def _shown(mrkdwn: str) -> list[str]:
    without = re.sub(r"<[^|>]*\|([^>]*)>", r"\1", mrkdwn)
    return [re.sub(r"\A\*(.*)\*\Z", r"\1", line) for line in without.split("\n")]


def _buttons(payload: Any) -> list[str]:
    return [
        element["text"]["text"]
        for block in payload["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
    ]
