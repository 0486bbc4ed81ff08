"""A configuration put in force: versions, teams, people, owners, what the rules look at again, and what a diff says."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kairan.domain.errors import ConfigError, ForbiddenError
from kairan.domain.rights import Role
from kairan.services import applying, configuration, route
from kairan.services.actor import Actor
from kairan.services.config_file.checking import Checked, check_text
from kairan.store.connection import raw_cursor
from tests.reports import NOW, record, report, take

TWO = """\
teams:
  - {key: web, members: [m.hoshino, K.Aoyama@example.com, ghost], channels: {preview: {id: C1, name: web}}}
  - {key: pay, channels: {preview: {id: C2, name: pay}}}
ownership:
  - {team: web, image: "*/web"}
  - {team: pay, image: "*/pay"}
rules:
  - {name: all, when: "severity:>=high", tell: [{to: preview, audience: psirt, form: true}, {to: preview}]}
"""
ME = Actor("test")


def checked(text: str) -> Checked:
    found = check_text(text, "kairan.yaml", NOW)
    assert found.complaints == ()
    return found


def ask(query: str) -> list[tuple[Any, ...]]:
    cursor = raw_cursor()
    cursor.execute(query)
    return cursor.fetchall()


@pytest.fixture
def filled(store: None) -> None:
    """Two images with the same vulnerability, a third that nobody owns; their first runs are over."""
    for name in ("web", "pay", "other"):
        take(report(record("CVE-2026-0001", "openssl"), image=f"ghcr.io/acme/{name}:1"))


def test_an_empty_store_works_as_with_an_empty_file(store: None) -> None:
    assert configuration.version() == 0
    assert [rule.name for rule in configuration.active().rules or ()] == ["urgent", "by-hand"]


def test_it_is_a_version_and_in_force_at_once(filled: None) -> None:
    applied = applying.apply(checked(TWO), ME, NOW)
    assert (applied.version, applied.changed) == (1, True)
    assert configuration.version() == 1
    assert [rule.name for rule in configuration.active().rules or ()] == ["all", "by-hand"]
    assert applied.report.teams.added == ("pay", "web")
    assert {(each.team, each.before, each.after) for each in applied.report.owners} == {
        ("", 3, 1),
        ("pay", 0, 1),
        ("web", 0, 1),
    }
    assert applied.report.unknown_people == ("K.Aoyama@example.com", "ghost", "m.hoshino")
    assert ask("SELECT action, subject, actor FROM audit WHERE action LIKE 'config%'") == [
        ("config.apply", "config 1", "test")
    ]
    again = applying.apply(checked("# the same\n" + TWO), ME, NOW)
    assert (again.version, again.changed) == (1, False), "what it says counts, not how it is written"


def test_members_are_found_by_login_or_address_also_later(filled: None) -> None:
    from kairan.store.models import Person

    def person(username: str, email: str = "") -> None:
        Person.objects.create(username=username, email=email, role=Role.MEMBER, created_at=NOW)

    person("M.Hoshino")
    person("aoyama", "k.aoyama@EXAMPLE.com")
    assert applying.apply(checked(TWO), ME, NOW).report.unknown_people == ("ghost",)
    members = "SELECT p.username FROM team_member m JOIN person p ON p.id = m.person_id ORDER BY 1"
    assert ask(members) == [("M.Hoshino",), ("aoyama",)]
    person("ghost")
    configuration.look_for_people(NOW)
    assert len(ask(members)) == 3
    person("other", "K.aoyama@example.com")
    configuration.look_for_people(NOW)
    assert ("aoyama",) not in ask(members), "an address that two have is nobody's"


def test_a_changed_owner_hands_the_open_case_over(filled: None) -> None:
    applying.apply(checked(TWO), ME, NOW)
    route.drain(NOW)
    parts = "SELECT t.key FROM case_part p LEFT JOIN team t ON t.id = p.team_id WHERE p.findings > 0 ORDER BY 1"
    assert ask(parts) == [("pay",), ("web",), (None,)]
    swapped = TWO.replace('image: "*/pay"', 'image: "*/none"').replace('image: "*/web"', 'image: "*/*"')
    said = applying.diff(checked(swapped), NOW)
    assert said.changed
    assert said.report.owners_changed == 2
    assert said.report.cases is not None
    assert said.report.cases.is_whole
    assert said.report.cases.events.get("handed_over", 0) >= 1
    assert ask(parts) == [("pay",), ("web",), (None,)], "a diff writes nothing"
    assert configuration.version() == 1
    assert ask("SELECT count(*) FROM unrouted") == [(0,)]
    applied = applying.apply(checked(swapped), ME, NOW + timedelta(minutes=1))
    assert applied.version == 2, "a diff takes no number"
    route.drain(NOW + timedelta(minutes=1))
    assert ask(parts) == [("web",)]


def test_a_team_told_elsewhere_takes_its_open_cases_along(filled: None) -> None:
    applying.apply(checked(TWO), ME, NOW)
    route.drain(NOW)
    raw_cursor().execute("UPDATE cases SET told_at = %s", (NOW,))
    raw_cursor().execute("UPDATE case_part SET told_at = %s", (NOW,))
    applied = applying.apply(checked(TWO.replace("C1, name: web", "C9, name: web-alerts")), ME, NOW)
    assert applied.report.channels_moved == ("web",)
    [(params,)] = ask("SELECT params::text FROM case_event WHERE code = 'handed_over'")
    assert json.loads(params) == {"old": "web", "new": "web", "channel": "web-alerts"}


def test_changed_rules_look_at_what_either_fits_and_others_are_left_alone(filled: None) -> None:
    applying.apply(checked(TWO), ME, NOW)
    route.drain(NOW)
    louder = TWO.replace("form: true", "form: false")
    assert applying.apply(checked(louder), ME, NOW).report.to_route == 0, "whom a rule tells moves no case"
    other = louder.replace("severity:>=high", "severity:critical")
    assert applying.apply(checked(other), ME, NOW).report.to_route == 3


def test_a_team_that_is_gone_is_kept_where_a_case_remembers_it(filled: None) -> None:
    applying.apply(checked(TWO), ME, NOW)
    route.drain(NOW)
    applying.apply(checked("teams: [{key: new}]\nrules: []\n"), ME, NOW)
    teams = "SELECT key, coalesce((settings->>'retired')::bool, false) FROM team ORDER BY 1"
    assert ask(teams) == [("new", False), ("pay", True), ("web", True)]
    applying.apply(checked(TWO), ME, NOW)
    assert ask(teams) == [("pay", False), ("web", False)]


def test_who_may_not_does_not_and_mistakes_change_nothing(filled: None) -> None:
    from kairan.store.models import Person

    person = Person.objects.create(username="x", role=Role.APPROVER, created_at=NOW)
    with pytest.raises(ForbiddenError):
        applying.apply(checked(TWO), Actor("x", person.pk, "page"), NOW)
    assert ask("SELECT action, actor FROM audit") == [("config.apply.refused", "x")]
    with pytest.raises(ConfigError, match=r"k\.yaml:1: ownr: there is no such key"):
        applying.apply(check_text("ownr: x\nsla: y\n", "k.yaml", NOW), ME, NOW)
    assert configuration.version() == 0


def test_the_command_line_says_what_it_did_and_what_it_would_do(store: None, cli: Any, tmp_path: Path) -> None:
    file = tmp_path / "kairan.yaml"
    file.write_text("ownr: x\n")
    done = cli("check", file)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{file}:1: ownr: there is no such key; 'owner'?" in done.stderr
    assert cli("config", "apply", file).returncode == 2
    assert json.loads(cli("check", file, "--json").stdout)["complaints"][0]["line"] == 1
    file.write_text(TWO)
    assert cli("check", file).returncode == 0
    assert cli("config", "diff", file).returncode == 4
    assert json.loads(cli("config", "apply", file, "--json").stdout)["version"] == 1
    assert cli("config", "diff", file).returncode == 0
    assert cli("config", "show").stdout == TWO
    assert json.loads(cli("config", "show", "--json", "--version", 1).stdout)["config"]["rules"][0]["name"] == "all"
    assert cli("config", "show", "--version", 7).returncode == 1
    assert json.loads(cli("config", "versions", "--json").stdout)[0]["version"] == 1
    assert cli("check", env={"KAIRAN_CONFIG": str(file)}).returncode == 0
    assert cli("check", cwd=tmp_path).returncode == 0
