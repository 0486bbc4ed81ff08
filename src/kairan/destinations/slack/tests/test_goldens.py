"""The article's sample as each message says it, in both languages. `KAIRAN_GOLDENS=write` writes them anew."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema.protocols import Validator

from kairan.destinations.slack import DESTINATION, request
from kairan.domain.examples import example
from kairan.domain.message import Purpose
from kairan.interfaces.destination import Parcel, Receipt

from .limits import broken

LANGUAGES = ["en", "ja"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("purpose", Purpose)
def test_the_sample_reads_as_its_golden(purpose: Purpose, language: str, goldens: Path) -> None:
    drawn = json.loads(json.dumps(DESTINATION.render(example(purpose, language))))
    golden = goldens / f"{purpose.value}.{language}.json"
    if os.environ.get("KAIRAN_GOLDENS") == "write":
        golden.write_text(json.dumps(drawn, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    assert drawn == json.loads(golden.read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("purpose", Purpose)
def test_every_message_keeps_the_contracts(
    purpose: Purpose, language: str, block_kit: Validator, bodies: Callable[[str], Validator]
) -> None:
    drawn = DESTINATION.render(example(purpose, language))
    block_kit.validate(drawn["blocks"])
    assert broken(drawn) == []
    for root in (None, Receipt("1680188400.000100")):
        body = request.body(Parcel("marker-1", "C0000000001", drawn, root, broadcast=root is not None))
        bodies("chat.postMessage").validate(body)
        assert body["metadata"]["event_payload"]["marker"] == "marker-1"
    edit = request.body(Parcel("marker-1", "C0000000001", drawn, Receipt("1680188400.000100"), edits=True))
    bodies("chat.update").validate(edit)
    assert edit["ts"] == "1680188400.000100"
    assert edit["blocks"]
    assert edit["text"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda blocks: blocks[0]["text"].update(text="x" * 151),
        lambda blocks: blocks[0].update(unknown=True),
        lambda blocks: blocks[1]["text"].update(text="x" * 3_001),
        lambda blocks: blocks.extend([{"type": "divider"}] * 50),
        lambda blocks: blocks[1]["text"].update(text=""),
    ],
)
def test_the_block_contract_does_refuse(spoil: Callable[[Any], None], block_kit: Validator) -> None:
    blocks = json.loads(json.dumps(DESTINATION.render(example(Purpose.PSIRT_POST, "ja"))["blocks"]))
    block_kit.validate(blocks)
    spoil(blocks)
    assert not block_kit.is_valid(blocks)


def test_the_body_contract_does_refuse(bodies: Callable[[str], Validator]) -> None:
    body = request.body(Parcel("marker-1", "C0000000001", DESTINATION.render(example(Purpose.TEST, "en"))))
    assert bodies("chat.postMessage").is_valid(body)
    assert not bodies("chat.postMessage").is_valid({**body, "thread_ts": 1680188400.0001})
    assert not bodies("chat.postMessage").is_valid({key: value for key, value in body.items() if key != "channel"})
    assert not bodies("chat.postMessage").is_valid({**body, "made_up": 1})


def test_a_broadcast_reply_hangs_below_its_root() -> None:
    drawn = DESTINATION.render(example(Purpose.TRIAGE_MESSAGE, "ja"))
    body = request.body(Parcel("m", "C1", drawn, Receipt("1.000100"), broadcast=True))
    assert (body["thread_ts"], body["reply_broadcast"]) == ("1.000100", True)


def _texts(payload: Any) -> str:
    return json.dumps(payload["blocks"], ensure_ascii=False)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_psirt_post_has_the_lines_of_the_article(language: str) -> None:
    blocks = DESTINATION.render(example(Purpose.PSIRT_POST, language))["blocks"]
    assert blocks[0]["text"]["text"] == "Dependabot alert: Vulnerability in XXX"
    first, advisory, siem = (each["text"]["text"].split("\n") for each in blocks[1:4])
    assert first[0] == "2023-03-31 00:00〜2023-04-01 00:00 (filtered by ghsaId)"
    assert first[1].startswith("repository: ")
    assert "|repository_1>, " in first[1]
    assert advisory[:3] == ["*securityAdvisory*", "Vulnerability in XXX", "severity: CRITICAL"]
    assert advisory[3].startswith("<https://github.com/advisories/GHSA-xxxx-xxxx-xxxx|GHSA-xxxx-xxxx-xxxx>")
    assert [line.rpartition("|")[2] for line in siem] == ["SIEM Discover>", "SIEM Dashboard>"]
    assert blocks[-1]["elements"][0]["text"]["text"] == "Create Jira Issue"


def test_the_team_post_has_neither_the_buttons_of_psirt_nor_the_form() -> None:
    drawn = _texts(DESTINATION.render(example(Purpose.TEAM_POST, "ja")))
    assert "create_ticket" not in drawn
    assert "kairan.field" not in drawn
    assert ["kairan.fix" in drawn, "kairan.not_affected" in drawn, "kairan.ask" in drawn] == [True] * 3


def test_the_ticket_is_the_post_without_its_buttons_under_the_bare_summary() -> None:
    post = DESTINATION.render(example(Purpose.PSIRT_POST, "ja"))["blocks"]
    ticket = DESTINATION.render(example(Purpose.TICKET, "ja"))["blocks"]
    assert ticket[0]["text"]["text"] == "Vulnerability in XXX"
    assert ticket[1:] == post[1:-1]


def test_the_triage_form_is_the_articles() -> None:
    heading, group, divider, message, press = DESTINATION.render(example(Purpose.TRIAGE_FORM, "ja"))["blocks"]
    assert heading["text"]["text"] == "トリアージ"
    options = group["accessory"]["options"]
    assert [(each["text"]["text"], each["value"]) for each in options] == [
        ("#team_1_channel", "C0000000001"),
        ("#team_2_channel", "C0000000002"),
    ]
    assert [line.split("  ")[0] for line in group["text"]["text"].split("\n")] == ["#team_1_channel", "#team_2_channel"]
    assert "/archives/C0000000001/p" in group["text"]["text"]
    assert divider == {"type": "divider"}
    assert message["label"]["text"] == "Message"
    assert message["element"]["multiline"] is True
    said = "パッケージ「XXX」の脆弱性です。バージョン2.0.0にアップデートをお願いします。"
    assert message["element"]["initial_value"] == said
    assert press["elements"][0]["text"]["text"] == "各チャンネルに連絡"
