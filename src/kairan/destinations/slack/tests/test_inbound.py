"""What Slack sends for what people do there, and what others might."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema.protocols import Validator

from kairan.destinations.slack import DESTINATION
from kairan.domain.answer import Answer, Fault, Form, Said
from kairan.domain.examples import CASE, example
from kairan.domain.message import Purpose

from .limits import broken


def pressed(action_id: str, value: str, values: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "type": "block_actions",
        "user": {"id": "U1", "username": "someone", "team_id": "T1"},
        "api_app_id": "A1",
        "token": "old",
        "container": {"type": "message", "message_ts": "1680188400.000100", "channel_id": "C9", "is_ephemeral": False},
        "trigger_id": "1.2.3",
        "team": {"id": "T1", "domain": "example"},
        "channel": {"id": "C9", "name": "psirt"},
        "message": {"type": "message", "ts": "1680188400.000100"},
        "state": {"values": values or {}},
        "response_url": "https://hooks.slack.example/1",
        "actions": [
            {"type": "button", "action_id": action_id, "block_id": "kairan.buttons", "value": value, "action_ts": "1.1"}
        ],
        **more,
    }


def ticked(*channels: str) -> dict[str, Any]:
    options = [{"text": {"type": "plain_text", "text": f"#{each}"}, "value": each} for each in channels]
    return {"kairan.value": {"type": "checkboxes", "selected_options": options}}


def test_the_form_gives_the_ticked_channels_of_all_groups_and_the_message() -> None:
    values = {
        "kairan.field.channels.1": ticked("C1", "C2"),
        "kairan.field.channels.2": ticked("C11"),
        "kairan.field.message": {"kairan.value": {"type": "plain_text_input", "value": "update\nplease"}},
        "foreign": {"x": {"type": "plain_text_input", "value": "not ours"}},
    }
    (action,) = DESTINATION.actions(pressed("kairan.send_triage", "7", values))
    assert (action.code, action.case, action.part) == ("send_triage", 7, None)
    assert action.values == {"channels": ["C1", "C2", "C11"], "message": "update\nplease"}
    assert (action.who, action.channel, action.message) == ("U1", "C9", "1680188400.000100")
    assert (action.reply, action.trigger) == ("https://hooks.slack.example/1", "1.2.3")


def test_a_field_that_was_left_empty_is_empty() -> None:
    values = {
        "kairan.field.message": {"kairan.value": {"type": "plain_text_input", "value": None}},
        "kairan.field.channels.1": {"kairan.value": {"type": "checkboxes", "selected_options": []}},
    }
    (action,) = DESTINATION.actions(pressed("kairan.send_triage", "7", values))
    assert action.values == {"message": "", "channels": []}


@pytest.mark.parametrize("purpose", [Purpose.PSIRT_POST, Purpose.TEAM_POST, Purpose.TRIAGE_FORM])
def test_every_button_that_is_drawn_is_understood(purpose: Purpose) -> None:
    message = example(purpose, "en")
    buttons = DESTINATION.render(message)["blocks"][-1]["elements"]
    found = [DESTINATION.actions(pressed(each["action_id"], each["value"]))[0] for each in buttons]
    assert [(a.code, a.case, a.part) for a in found] == [(o.code, o.case, o.part) for o in message.offers]


@pytest.mark.parametrize("code", ["decide", "defer", "not_affected", "ask"])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_form_is_a_valid_view_whose_answer_is_understood(code: str, language: str, view_schema: Validator) -> None:
    form = Form(code, 7, "a <!channel> title", None, CASE.parts)
    view = DESTINATION.answer(Answer(Said.FORM, form=form), language)["view"]
    view_schema.validate(view)
    assert broken(view, 100) == []
    values = {each["block_id"]: {} for each in view["blocks"] if "block_id" in each}
    values["kairan.field.teams"] = {
        "kairan.value": {"type": "multi_static_select", "selected_options": [{"value": "2"}]}
    }
    values["kairan.field.until_at"] = {"kairan.value": {"type": "datepicker", "selected_date": "2030-01-02"}}
    sent = {"type": "view_submission", "user": {"id": "U1"}, "view": {**view, "state": {"values": values}}}
    (action,) = DESTINATION.actions(json.loads(json.dumps(sent)))
    assert (action.code, action.case, action.part) == (code, 7, None)
    assert action.values == {"submitted": True, "teams": ["2"], "until_at": "2030-01-02"}


def test_the_view_contract_does_refuse(view_schema: Validator) -> None:
    view = DESTINATION.answer(Answer(Said.FORM, form=Form("ask", 7, "t", 1)), "en")["view"]
    assert view_schema.is_valid(view)
    assert not view_schema.is_valid({**view, "title": {"type": "plain_text", "text": "x" * 25}})
    assert not view_schema.is_valid({**view, "made_up": 1})


def test_a_form_of_one_part_remembers_it() -> None:
    view = DESTINATION.answer(Answer(Said.FORM, form=Form("ask", 7, "t", 9)), "en")["view"]
    (action,) = DESTINATION.actions({"type": "view_submission", "view": {**view, "state": {"values": {}}}})
    assert (action.case, action.part) == (7, 9)


HOSTILE: list[Any] = [
    {},
    {"type": "block_actions"},
    {"type": "block_actions", "actions": None},
    {"type": "block_actions", "actions": [{"action_id": "kairan.decide"}]},
    {"type": "view_submission", "view": {"callback_id": "kairan.decide", "private_metadata": "{"}},
    {"type": "view_submission", "view": {"callback_id": "kairan.decide", "private_metadata": "[" * 100_000}},
    {"type": "view_submission", "view": {"callback_id": "kairan.decide", "private_metadata": '{"about": 7}'}},
    {"type": "view_closed", "view": {"callback_id": "kairan.decide"}},
    {"type": "shortcut", "callback_id": "kairan.decide"},
    {"type": ["block_actions"]},
    pressed("kairan.made_up", "7"),
    pressed("decide", "7"),
    pressed("kairan.", "7"),
    pressed("kairan.decide", ""),
    pressed("kairan.decide", "0"),
    pressed("kairan.decide", "-7"),
    pressed("kairan.decide", "7.x"),
    pressed("kairan.decide", "٧"),
    pressed("kairan.decide", "9" * 40),
    pressed("kairan.decide", "7; drop table cases"),
    pressed("kairan.value", "C1"),
    pressed("kairan.decide", "7", user={"id": 5}),
    pressed("kairan.decide", "7", state={"values": []}),
]


@pytest.mark.parametrize("payload", HOSTILE)
def test_what_is_not_ours_gives_no_action(payload: Any) -> None:
    assert DESTINATION.actions(payload) == []


@pytest.mark.parametrize(
    "element",
    [
        {"type": "checkboxes", "selected_options": "all"},
        {"type": "checkboxes", "selected_options": [None, 5, {"value": 7}, {}]},
        {"type": "plain_text_input", "value": {"deep": []}},
        {"selected_option": "x"},
        {},
    ],
)
def test_odd_values_are_nothing(element: Any) -> None:
    values = {"kairan.field.message": {"kairan.value": element}, "kairan.field.channels": {"kairan.value": element}}
    (action,) = DESTINATION.actions(pressed("kairan.send_triage", "7", values))
    assert all(value in ("", []) for value in action.values.values())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just("kairan.decide") | st.just("7"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)
keys = st.sampled_from(["type", "user", "actions", "state", "view", "channel", "container", "values", "action_id"])


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    payload=st.dictionaries(keys, json_values, max_size=6), kind=st.sampled_from(["block_actions", "view_submission"])
)
def test_any_payload_is_survived(payload: dict[str, Any], kind: str) -> None:
    for action in DESTINATION.actions({**payload, "type": kind}):
        assert action.case > 0


@pytest.mark.parametrize("said", Said)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_answer_has_words_in_both_languages(said: Said, language: str, block_kit: Validator) -> None:
    params: dict[str, object] = {
        "teams": ["a", "<!here>"],
        "status": "new",
        "refused": {"b": "resolved"},
        "again": ["c"],
    }
    note = DESTINATION.answer(Answer(said, params), language)["note"]
    block_kit.validate(note["blocks"])
    assert said.value != note["text"]
    assert "<!" not in note["text"]


def test_what_is_wrong_is_said_at_its_field() -> None:
    faults = {"channels": Fault("nothing_ticked"), "message": Fault("too_long", {"most": 3_000})}
    answer = DESTINATION.answer(Answer(Said.WRONG, errors=faults), "ja")
    assert answer["errors"]["response_action"] == "errors"
    assert set(answer["errors"]["errors"]) == {"kairan.field.channels", "kairan.field.message"}
    assert "3000文字以内" in answer["note"]["text"]
