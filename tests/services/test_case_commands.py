"""Cases on the command line: the real program."""

import json
from collections.abc import Callable
from subprocess import CompletedProcess

import pytest

from tests.cases import case, part, team

Cli = Callable[..., "CompletedProcess[str]"]


@pytest.mark.usefixtures("store")
def test_cases_are_listed_shown_and_decided(cli: Cli) -> None:
    made = case(team("web"), team("pay"), title="Trouble \x1b[31m")
    listed = cli("cases", "--team", "web", "--status", "new", "--state", "open")
    assert listed.returncode == 0, listed.stderr
    assert f"C-{made.pk}" in listed.stdout
    assert "\x1b" not in listed.stdout
    assert [each["id"] for each in json.loads(cli("cases", "--json").stdout)] == [f"C-{made.pk}"]
    said = ("decide", f"C-{made.pk}", "--status", "not_affected", "--justification", "component_not_present")
    assert "web" in cli(*said).stderr, "which of the two parts?"
    done = cli(*said, "--team", "web", "--evidence", "https://a.example", "--json")
    assert json.loads(done.stdout)["state"] == "effective", done.stderr
    assert (part(made, "web").status, part(made, "pay").status) == ("not_affected", "new")
    shown = cli("case", f"c-{made.pk}").stdout
    assert "not_affected" in shown
    assert "decided" in shown
    assert [each["key"] for each in json.loads(cli("case", f"C-{made.pk}", "--json").stdout)["parts"]] == ["pay", "web"]


@pytest.mark.usefixtures("store")
def test_what_makes_no_sense_is_said(cli: Cli) -> None:
    made = case(team("web"))
    name = f"C-{made.pk}"
    for words, told in (
        (("case", "C-999999"), "there is no case"),
        (("case", "nonsense"), "write C-12"),
        (("decide", name, "--status", "risk_accepted"), "give a reason"),
        (("decide", name, "--status", "deferred", "--until", "soon"), "is no date"),
        (("decide", name, "--status", "waiting_for_verification"), "cannot become"),
        (("decide", name, "--status", "resolved"), "Invalid value"),
    ):
        answer = cli(*words)
        assert (answer.returncode != 0, told in answer.stderr) == (True, True), (words, answer.stderr)
    assert part(made).status == "new"
